const TOKEN =
  // oxlint-disable-next-line eslint/no-control-regex -- a text in JSON holds none of them (RFC 8259, section 7)
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end';

/**
 * Where a text stops being JSON (RFC 8259), which the error of JSON.parse does not always say; the end of the text where
 * something is missing there.
 */
export function findJsonError(text: string): number {
  const open: ('{' | '[')[] = [];
  let expected = 'value' as Expected;
  let position = 0;
  const fits = (sign: string | undefined, isText: boolean): boolean => {
    const isValue = sign === undefined || sign === '{' || sign === '[';
    switch (expected) {
      case 'value':
        return isValue;
      case 'value or ]':
        return isValue || sign === ']';
      case 'key':
        return isText;
      case 'key or }':
        return isText || sign === '}';
      case ':':
        return sign === ':';
      case ', or end':
        return open.length > 0 && (sign === ',' || sign === (open.at(-1) === '{' ? '}' : ']'));
    }
  };
  for (;;) {
    TOKEN.lastIndex = position;
    const found = TOKEN.exec(text);
    const start = position + (/^[ \t\r\n]*/.exec(text.slice(position))?.[0].length ?? 0);
    if (found === null || !fits(found[1], found[2] !== undefined)) return start;
    const [whole, sign] = found;
    position += whole.length;
    if (sign === '{' || sign === '[') {
      open.push(sign);
      expected = sign === '{' ? 'key or }' : 'value or ]';
    } else if (sign === '}' || sign === ']') {
      open.pop();
      expected = ', or end';
    } else if (sign === ':') expected = 'value';
    else if (sign === ',') expected = open.at(-1) === '{' ? 'key' : 'value';
    else expected = expected === 'key' || expected === 'key or }' ? ':' : ', or end';
  }
}
