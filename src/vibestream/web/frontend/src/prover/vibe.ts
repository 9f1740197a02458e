// Amounts of VIBE, kept in ten-thousandths, as people read them. Whole numbers throughout: a float would lose some.
import { locale } from "../text";

const DIGITS = 4;
const UNIT = 10n ** BigInt(DIGITS);

/** Minor units as text in the page's language. */
export function vibe(minor: number): string {
  const whole = BigInt(minor) / UNIT;
  const rest = (BigInt(minor) % UNIT).toString().padStart(DIGITS, "0").replace(/0{1,2}$/, "");
  const comma = (1.1).toLocaleString(locale).charAt(1);
  return whole.toLocaleString(locale) + comma + rest;
}
