import type { MachineAnswer, MachineQuestion } from '@patchbay/patching';
import { type ActionStage, runProgram } from './run-program.ts';

/**
 * Parameters: the question and its texts. Answers with 0 for yes and 1 for no; anything else is neither.
 */
const questionScript = `case $1 in
  binary-exists) command -v -- "$2" >/dev/null ;;
  file-exists) [ -e "$2" ] && [ ! -d "$2" ] ;;
  folder-exists) [ -d "$2" ] ;;
  file-digest)
    [ -e "$2" ] || exit 1
    [ -f "$2" ] || { echo "$2 is no regular file" >&2; exit 2; }
    sum=$("$3" <"$2") || exit 2
    [ "\${sum%% *}" = "$4" ]
    ;;
  package-installed)
    command -v dpkg-query >/dev/null || { echo 'there is no dpkg-query in this root' >&2; exit 2; }
    states=$(dpkg-query -W -f '\${db:Status-Status}\\n' -- "$2" 2>/dev/null)
    case $? in 0) ;; 1) exit 1 ;; *) echo 'dpkg-query cannot tell' >&2; exit 2 ;; esac
    printf '%s\\n' "$states" | while IFS= read -r state; do [ "$state" != installed ] || exit 7; done
    [ $? = 7 ]
    ;;
esac
[ $? = 0 ] || exit 1`;

const digestPrograms = { MD5: 'md5sum', SHA1: 'sha1sum', SHA256: 'sha256sum', SHA512: 'sha512sum' } as const;

/** Answers a question of a condition from inside the root. What cannot be told is told so. */
export async function askMachine(stage: ActionStage, question: MachineQuestion): Promise<MachineAnswer> {
  const words = wordsOf(question);
  if (typeof words === 'string') return { kind: 'unknown', message: words };
  const { exitCode, stderr } = await runProgram(stage, {
    argv: ['/bin/sh', '-c', questionScript, 'sh', ...words],
    isLogged: false,
    outputLimitBytes: 4096,
  });
  if (exitCode === 0 || exitCode === 1) return { kind: 'answer', holds: exitCode === 0 };
  return { kind: 'unknown', message: `it cannot be told: ${stderr.trim() || `status ${exitCode}`}` };
}

/** What the script takes, or why the question has no answer. */
function wordsOf(question: MachineQuestion): string[] | string {
  switch (question.kind) {
    case 'binary-exists':
      return [question.kind, question.name];
    case 'file-exists':
    case 'folder-exists':
      return [question.kind, question.path];
    case 'file-digest':
      return [question.kind, question.path, digestPrograms[question.algorithm], question.digest.toLowerCase()];
    case 'package-installed':
      // dpkg-query would read patterns.
      return /^[A-Za-z0-9][A-Za-z0-9+.:-]*$/.test(question.name)
        ? [question.kind, question.name]
        : `${JSON.stringify(question.name)} is not the name of a package`;
  }
}
