/** Where the parts of `[epoch:]version[-release]` stand in its text; `releaseStart` is -1 where there is no release. */
export interface RpmVersionParts {
  readonly epoch: number;
  readonly versionStart: number;
  readonly versionEnd: number;
  readonly releaseStart: number;
}

/** rpm keeps the epoch in 32 bits without a sign. */
const largestEpoch = 4_294_967_295;

/** Per ASCII code, whether the character may stand in a version or release (rpm-version(7)). */
const isAllowed = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+~^') {
  isAllowed[character.charCodeAt(0)] = 1;
}

const minus = 45;
const zero = 48;
const nine = 57;
const colon = 58;

/** The parts of a version text, or null when no rpm package can be built with it. */
export function parseRpmVersion(text: string): RpmVersionParts | null {
  let epoch = 0;
  let position = 0;
  while (position < text.length && isDigit(text.charCodeAt(position))) {
    // Without a colon behind it this is no epoch, so it may grow past the bound for now.
    epoch = epoch * 10 + (text.charCodeAt(position) - zero);
    position += 1;
  }
  const hasEpoch = position > 0 && text.charCodeAt(position) === colon;
  if (hasEpoch && epoch > largestEpoch) return null;

  const versionStart = hasEpoch ? position + 1 : 0;
  const versionEnd = endOfPart(text, versionStart);
  if (versionEnd === versionStart) return null;
  if (versionEnd === text.length) return { epoch: hasEpoch ? epoch : 0, versionStart, versionEnd, releaseStart: -1 };

  const releaseStart = versionEnd + 1;
  const isReleaseValid =
    text.charCodeAt(versionEnd) === minus &&
    releaseStart < text.length &&
    endOfPart(text, releaseStart) === text.length;
  return isReleaseValid ? { epoch: hasEpoch ? epoch : 0, versionStart, versionEnd, releaseStart } : null;
}

function endOfPart(text: string, start: number): number {
  let position = start;
  while (position < text.length && isAllowed[text.charCodeAt(position)] === 1) position += 1;
  return position;
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}
