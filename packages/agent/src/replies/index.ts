export { type OutputSpool, openOutputSpool } from './output-spool.ts';
export { countStatuses, type ReplyContent, writeReplyPayload } from './reply-payload.ts';
export { openReplySpool, type ReplySpool, type SpoolParts } from './reply-spool.ts';
