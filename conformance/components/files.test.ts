import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComponentStage, openComponentStage } from './component-stage.ts';

let stage: ComponentStage;

beforeAll(async () => {
  stage = await openComponentStage();
  await stage.judge(`
    useradd --system --user-group keeper; groupadd friends
    mkdir -p /srv/in/deep /srv/in/deeper; cd /srv/in
    printf one >a.log; printf two >b.log; printf three >c.txt; printf four >'odd [name]*.log'; printf five >.hidden.log
    printf six >deep/d.log; ln -s c.txt link`);
});

afterAll(async () => {
  await stage?.close();
});

/** Runs one step that must succeed or fail with this reason. */
async function step(action: string, inputs: unknown): Promise<string> {
  const { phases } = await stage.runSteps(`- {name: It, action: ${action}, inputs: ${JSON.stringify(inputs)}}`);
  const [result] = phases[0]?.steps ?? [];
  return result?.failureMessage ?? JSON.stringify(result?.outputs);
}

describe('CreateFile', () => {
  it('makes parents, sets owner, group and permissions, and writes each encoding', async () => {
    const inputs = [
      { path: '/srv/new/deep/plain', content: 'ä\\n$(touch /srv/bad)`' },
      { path: '/srv/new/owned', content: 'x', owner: 'keeper', permissions: '0640' },
      { path: '/srv/new/grouped', content: 'x', group: 'friends', permissions: '4755' },
      { path: '/srv/new/wide', content: 'a€', encoding: 'UTF-16' },
      { path: '/srv/new/wider', content: 'a😀', encoding: 'utf-32-BE' },
      { path: 'relative', content: 'x' },
    ];
    expect(await step('CreateFile', inputs)).toBe('[{},{},{},{},{},{}]');
    expect(await stage.judge('cat /srv/new/deep/plain; ls /srv/bad 2>/dev/null')).toBe('ä\\n$(touch /srv/bad)`');
    expect(await stage.judge('cd /srv/new; stat -c "%n %a %U %G" deep deep/plain owned grouped')).toBe(
      'deep 755 root root\ndeep/plain 644 root root\nowned 640 keeper keeper\ngrouped 4755 root friends',
    );
    expect(await stage.judge('od -An -tx1 /srv/new/wide /srv/new/wider')).toBe('61 00 ac 20 00 00 00 61 00 01 f6 00');
  });

  it('replaces a file and keeps its permissions, unless it shall not overwrite', async () => {
    await stage.judge('printf long-before >/srv/there; chmod 600 /srv/there');
    expect(await step('CreateFile', [{ path: '/srv/there', content: 'new' }])).toBe('[{}]');
    expect(await stage.judge('cat /srv/there; stat -c " %a" /srv/there')).toBe('new 600');
    expect(await step('CreateFile', [{ path: '/srv/there', overwrite: 'false' }])).toBe(
      '/srv/there is there already, and overwrite is false',
    );
    expect(await step('CreateFile', [{ path: '/srv/in' }])).toBe('/srv/in is a folder');
    expect(await step('CreateFile', [{ path: '/srv/x', owner: 'nobody-here' }])).toContain('nobody-here');
  });

  it('says which of its entries failed, and does not go on', async () => {
    const inputs = [{ path: '/srv/e1' }, { path: '/srv/in' }, { path: '/srv/e3' }];
    expect(await step('CreateFile', inputs)).toBe('inputs[1]: /srv/in is a folder');
    expect(await stage.judge('ls /srv/e1 /srv/e3 2>&1')).toContain("cannot access '/srv/e3'");
  });
});

describe('AppendFile, ReadFile and SetFileEncoding', () => {
  it('add to a file, read it, and convert it from UTF-8', async () => {
    await stage.judge('printf ä >/srv/text; chmod 640 /srv/text');
    expect(await step('AppendFile', [{ path: '/srv/text', content: '\nb' }])).toBe('[{}]');
    expect(await step('ReadFile', [{ path: '/srv/text' }])).toBe('[{"content":"ä\\nb"}]');
    expect(await step('SetFileEncoding', [{ path: '/srv/text', encoding: 'utf16-BE' }])).toBe('[{}]');
    expect(await stage.judge('od -An -tx1 /srv/text; stat -c %a /srv/text')).toBe('00 e4 00 0a 00 62\n640');
    expect(await step('ReadFile', [{ path: '/srv/text', encoding: 'UTF16-be' }])).toBe('[{"content":"ä\\nb"}]');
    expect(await step('ReadFile', [{ path: '/srv/text' }])).toBe('/srv/text is no text in utf8');
    expect(await step('AppendFile', [{ path: '/srv/none' }])).toBe('/srv/none does not exist');
  });

  it('read what a link leads to, log it only where that is asked for, and refuse what is too large', async () => {
    const read = (more: string) =>
      stage.runSteps(`- {name: It, action: ReadFile, inputs: [{path: /srv/in/link${more}}]}`);
    expect((await read('')).lines.map(({ text }) => text)).not.toContain('three');
    expect((await read(', printFileContent: true')).lines.map(({ text }) => text)).toContain('three');
    await stage.judge('truncate -s 4M /srv/large');
    expect(await step('ReadFile', [{ path: '/srv/large' }])).toBe('/srv/large has more than 3145728 bytes');
  });
});

describe('CopyFile and MoveFile', () => {
  it('copy one file or all that match, into folders that they make', async () => {
    const inputs = [
      { source: '/srv/in/a.log', destination: '/srv/copy/one' },
      { source: '/srv/in/a.log', destination: '/srv/copy/' },
      { source: '/srv/in/*.log', destination: '/srv/copy/all/' },
      { source: '/srv/in/odd [name]*', destination: '/srv/copy/odd/' },
    ];
    expect(await step('CopyFile', inputs)).toBe('[{},{},{},{}]');
    expect(await stage.judge('cd /srv/copy; find . -type f | sort; cat one a.log')).toBe(
      './a.log\n./all/.hidden.log\n./all/a.log\n./all/b.log\n./all/odd [name]*.log\n./odd/odd [name]*.log\n./one\noneone',
    );
  });

  it('move files, and refuse what is there, what is not, and a wildcard without a folder', async () => {
    await stage.judge('mkdir /srv/from; touch /srv/from/m1 /srv/from/m2 /srv/from/n1; ln -s m1 /srv/from/m3');
    expect(await step('MoveFile', [{ source: '/srv/from/m*', destination: '/srv/to/' }])).toBe('[{}]');
    expect(await stage.judge('ls /srv/from /srv/to')).toBe('/srv/from:\nn1\n\n/srv/to:\nm1\nm2\nm3');
    const onto = { source: '/srv/from/n1', destination: '/srv/to/m1', overwrite: 'false' };
    expect(await step('MoveFile', [onto])).toBe('/srv/to/m1 is there already, and overwrite is false');
    expect(await step('CopyFile', [onto])).toBe('/srv/to/m1 is there already, and overwrite is false');
    expect(await step('CopyFile', [{ source: '/srv/none', destination: '/srv/to/' }])).toBe('/srv/none does not exist');
    expect(await step('CopyFile', [{ source: '/srv/in/*.no', destination: '/srv/to/' }])).toBe(
      'nothing matches /srv/in/*.no',
    );
    expect(await step('CopyFile', [{ source: '/srv/in/*.log', destination: '/srv/to' }])).toBe(
      'the destination /srv/to must end in /, for the source has a wildcard',
    );
    expect(await step('CopyFile', [{ source: '/srv/in/a.log', destination: '/srv/to' }])).toBe('/srv/to is a folder');
  });
});

describe('CopyFolder and MoveFolder', () => {
  it('copy a folder under a name or into a folder, and merge it with what is there', async () => {
    await stage.judge('mkdir -p /srv/merged/in; touch /srv/merged/in/mine; chown keeper /srv/in/deep');
    const inputs = [
      { source: '/srv/in', destination: '/srv/named' },
      { source: '/srv/in/', destination: '/srv/merged/' },
      { source: '/srv/in/dee*', destination: '/srv/matched/' },
    ];
    expect(await step('CopyFolder', inputs)).toBe('[{},{},{}]');
    expect(
      await stage.judge('stat -c %U /srv/named/deep; readlink /srv/named/link; ls /srv/matched; ls /srv/merged/in'),
    ).toBe('keeper\nc.txt\ndeep\ndeeper\na.log\nb.log\nc.txt\ndeep\ndeeper\nlink\nmine\nodd [name]*.log');
    expect(await step('CopyFolder', [{ source: '/srv/in', destination: '/srv/named', overwrite: 'false' }])).toBe(
      '/srv/named is there already, and overwrite is false',
    );
    expect(await step('CopyFolder', [{ source: '/srv/in/a.log', destination: '/srv/x' }])).toBe(
      '/srv/in/a.log is no folder',
    );
  });

  it('move a folder to where none is, and into one that is there', async () => {
    await stage.judge('mkdir -p /srv/m/one /srv/m/two /srv/n/two; touch /srv/m/one/1 /srv/m/two/2 /srv/n/two/old');
    const inputs = [
      { source: '/srv/m/one', destination: '/srv/p/q/renamed' },
      { source: '/srv/m/t*', destination: '/srv/n/' },
    ];
    expect(await step('MoveFolder', inputs)).toBe('[{},{}]');
    expect(await stage.judge('ls /srv/m /srv/n/two /srv/p/q/renamed')).toBe(
      '/srv/m:\n\n/srv/n/two:\n2\nold\n\n/srv/p/q/renamed:\n1',
    );
  });
});

describe('CreateFolder, DeleteFile, DeleteFolder and CreateSymlink', () => {
  it('make folders and leave what is in them', async () => {
    const inputs = [{ path: '/srv/f/g/', owner: 'keeper', group: 'friends', permissions: '2750' }, { path: '/srv/in' }];
    expect(await step('CreateFolder', inputs)).toBe('[{},{}]');
    expect(await stage.judge('stat -c "%a %U %G" /srv/f/g /srv/f; ls /srv/in/a.log')).toBe(
      '2750 keeper friends\n755 root root\n/srv/in/a.log',
    );
    expect(await step('CreateFolder', [{ path: '/srv/in', overwrite: 'false' }])).toContain('overwrite is false');
    expect(await step('CreateFolder', [{ path: '/srv/in/a.log' }])).toBe('/srv/in/a.log is no folder');
  });

  it('delete files, folders only when they are empty or by force, and never what a link leads to', async () => {
    await stage.judge(
      'mkdir -p /srv/d/full /srv/d/empty; touch /srv/d/1.x /srv/d/2.x /srv/d/3.y /srv/d/full/z; ln -s full /srv/d/ln',
    );
    expect(await step('DeleteFile', [{ path: '/srv/d/*.x' }, { path: '/srv/d/3.y' }])).toBe('[{},{}]');
    expect(await step('DeleteFile', [{ path: '/srv/d/3.y' }])).toBe('/srv/d/3.y does not exist');
    expect(await step('DeleteFile', [{ path: '/srv/d/full' }])).toBe('/srv/d/full is a folder');
    expect(await step('DeleteFolder', [{ path: '/srv/d/full' }])).toContain('Directory not empty');
    expect(await step('DeleteFolder', [{ path: '/srv/d/ln', force: 'true' }])).toBe('/srv/d/ln is a link');
    expect(await step('DeleteFolder', [{ path: '/srv/d/empty/' }, { path: '/srv/d/full', force: 'true' }])).toBe(
      '[{},{}]',
    );
    expect(await stage.judge('ls /srv/d')).toBe('ln');
    expect(await step('DeleteFolder', [{ path: '/srv/../', force: 'true' }])).toBe('/srv/.. is the root itself');
  });

  it('make links to what is there', async () => {
    const inputs = [
      { path: '/srv/links/one', target: '/srv/in/a.log' },
      { path: '/srv/links/two', target: 'one' },
    ];
    expect(await step('CreateSymlink', inputs)).toBe('[{},{}]');
    expect(await stage.judge('readlink /srv/links/one /srv/links/two')).toBe('/srv/in/a.log\none');
    expect(await step('CreateSymlink', inputs.slice(0, 1))).toBe('/srv/links/one is there already, and force is false');
    expect(await step('CreateSymlink', [{ path: '/srv/links/one', target: '/srv/in', force: 'true' }])).toBe('[{}]');
    expect(await step('CreateSymlink', [{ path: '/srv/links/one', target: '/srv/in/b.log', force: 'true' }])).toBe(
      '[{}]',
    );
    expect(await stage.judge('readlink /srv/links/one')).toBe('/srv/in/b.log');
    expect(await step('CreateSymlink', [{ path: '/srv/in/a.log', target: '/srv', force: 'true' }])).toContain(
      'is no link',
    );
    expect(await step('CreateSymlink', [{ path: '/srv/links/x', target: '/srv/none' }])).toBe(
      'the target /srv/none does not exist',
    );
  });
});

describe('ListFiles', () => {
  it('lists files of a folder, or of all below, that match', async () => {
    expect(
      await step('ListFiles', [
        { path: '/srv/in/' },
        { path: '/srv/in', fileNamePattern: '*d.log', recursive: 'true' },
      ]),
    ).toBe(
      JSON.stringify([
        {
          files: '/srv/in/.hidden.log,/srv/in/a.log,/srv/in/b.log,/srv/in/c.txt,/srv/in/link,/srv/in/odd [name]*.log',
        },
        { files: '/srv/in/deep/d.log' },
      ]),
    );
    expect(await step('ListFiles', [{ path: '/srv/in', fileNamePattern: 'odd [*' }])).toContain('odd [name]*.log');
    expect(await step('ListFiles', [{ path: '/srv/in', fileNamePattern: '?.log' }])).toBe('[{"files":""}]');
    expect(await step('ListFiles', [{ path: '/srv/none' }])).toBe('/srv/none does not exist');
  });
});

describe('owners and permissions', () => {
  it('of a file, of what a link leads to, and of folders with or without what is in them', async () => {
    await stage.judge('mkdir -p /srv/o/p; touch /srv/o/f /srv/o/p/g; ln -s /srv/in/c.txt /srv/o/out; ln -s f /srv/o/l');
    expect(await step('SetFileOwner', [{ path: '/srv/o/l', owner: 'keeper' }])).toBe('[{}]');
    expect(await step('SetFilePermissions', [{ path: '/srv/o/l', permissions: '0604' }])).toBe('[{}]');
    expect(await stage.judge('stat -c "%a %U %G" /srv/o/f')).toBe('604 keeper keeper');
    expect(
      await step('SetFolderOwner', [{ path: '/srv/o', owner: 'keeper', group: 'friends', recursive: 'false' }]),
    ).toBe('[{}]');
    expect(await stage.judge('stat -c "%U:%G" /srv/o /srv/o/p')).toBe('keeper:friends\nroot:root');
    expect(await step('SetFolderOwner', [{ path: '/srv/o/', owner: 'keeper' }])).toBe('[{}]');
    expect(await step('SetFolderPermissions', [{ path: '/srv/o', permissions: '750' }])).toBe('[{}]');
    expect(await stage.judge('stat -c "%a %U" /srv/o/p/g /srv/in/c.txt')).toBe('750 keeper\n644 root');
    expect(await step('SetFolderPermissions', [{ path: '/srv/o', permissions: '700', recursive: 'false' }])).toBe(
      '[{}]',
    );
    expect(await stage.judge('stat -c %a /srv/o /srv/o/p')).toBe('700\n750');
    expect(await step('SetFileOwner', [{ path: '/srv/o/f', owner: 'nobody-here' }])).toContain('invalid user');
    expect(await step('SetFilePermissions', [{ path: '/srv/o', permissions: '700' }])).toBe('/srv/o is a folder');
    expect(await step('SetFolderOwner', [{ path: '/srv/o/f', owner: 'keeper' }])).toBe('/srv/o/f is no folder');
  });
});
