// The one entry of the bundle: security first, then htmx, then the islands and the shell around them.
import "./security";
import "htmx.org";
import "htmx.org/dist/ext/hx-csp.js";
import { definePlayer } from "./player/element";
import { defineWaveform } from "./player/waveform";
import { startEvents } from "./shell/events";
import { startNavigation } from "./shell/navigation";
import { startPreferences } from "./shell/preferences";
import { startOffline } from "./shell/offline";
import { startShortcuts } from "./shell/shortcuts";
import { startLiveRegions } from "./shell/live";
import { startForms } from "./shell/forms";
import { startMoments } from "./shell/moments";
import { defineUploader } from "./upload/element";
import { startFollowing } from "./money/following";

startPreferences();
startNavigation();
startForms();
startMoments();
startEvents();
startLiveRegions();
startFollowing();
startShortcuts();
startOffline();
definePlayer();
defineWaveform();
defineUploader();
