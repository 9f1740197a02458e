// The light build (no subtitles, no alternate audio, no DRM) has no declarations of its own; what it has is the full one's.
declare module "hls.js/light" {
  export { default } from "hls.js";
}
