/** Text fit for the content of an XML element; characters that XML 1.0 forbids become U+FFFD. */
export function escapeXml(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex -- these are exactly the characters that XML 1.0 (section 2.2) forbids
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu, '\uFFFD')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // A literal carriage return would be read back as a line feed.
      .replaceAll('\r', '&#xD;')
  );
}

/** `<name>content</name>`; the content must be XML already. */
export function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}
