import { describe, expect, it } from 'vitest';
import { parseDistroInfo } from './distro-info.ts';

const debian = `version,codename,series,created,release,eol,eol-lts,eol-elts
1.1,Buzz,buzz,1993-08-16,1996-06-17,1997-06-05
11,Bullseye,bullseye,2019-07-06,2021-08-14,2024-08-14,2026-08-31,2031-06-30
14,Forky,forky,2025-08-09
,Sid,sid,1993-08-16
`;
const ubuntu = `version,codename,series,created,release,eol,eol-server,eol-esm
8.04 LTS,Hardy Heron,hardy,2007-10-18,2008-04-24,2011-05-12,2013-05-09
20.04 LTS,Focal Fossa,focal,2019-10-17,2020-04-23,2025-05-29,2025-05-29,2030-04-23
`;

describe('parseDistroInfo', () => {
  it.each([
    [debian, 'bullseye', { standard: '2024-08-14', longTerm: '2026-08-31', extended: '2031-06-30' }],
    [debian, 'buzz', { standard: '1997-06-05', longTerm: null, extended: null }],
    [ubuntu, 'focal', { standard: '2025-05-29', longTerm: null, extended: '2030-04-23' }],
    [ubuntu, 'hardy', { standard: '2013-05-09', longTerm: null, extended: null }],
  ])('reads the dates of a release (case %#)', (text, codename, dates) => {
    expect(parseDistroInfo(text, codename, 'x')).toEqual({ ...dates, source: 'x' });
  });

  it.each([
    [debian, 'forky'],
    [debian, 'sid'],
    [debian, 'bookworm'],
    [debian, ''],
    ['', 'bullseye'],
    ['nonsense\n1,2,3\n', 'bullseye'],
  ])('knows nothing of what has no end or is not there (case %#)', (text, codename) => {
    expect(parseDistroInfo(text, codename, 'x')).toBeNull();
  });
});
