export { BorrowedIdentity, readBorrowedIdentity, writeBorrowedIdentity } from './borrowed-identity.ts';
export {
  isDiskFull,
  readJsonFile,
  readTextOrNull,
  removeFileDurably,
  syncDirectory,
  writeFileDurably,
} from './durable-file.ts';
export { Identity, readIdentity, writeIdentity } from './identity.ts';
export { OnlineNote, readOnlineNote, writeOnlineNote } from './online-note.ts';
export { isProcessRunning, ProcessIdentity, parseProcessStat, readProcessIdentity } from './process-identity.ts';
export { openStateDirectory, type StateDirectory } from './state-directory.ts';
export { lockState, readLockHolder } from './state-lock.ts';
