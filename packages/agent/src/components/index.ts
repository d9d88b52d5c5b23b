export { ComponentRunError } from './component-run-error.ts';
export { createDownloader, type Download, DownloadError, type DownloaderOptions } from './download.ts';
export * from './local-run/index.ts';
export type { FetchComponent, FetchedComponent } from './nested-document.ts';
export {
  type ComponentRunRequest,
  type ComponentRunResult,
  runComponentPhase,
  type StepTime,
  type UpdateOperatingSystem,
} from './run-component-phase.ts';
export type { ComponentLine } from './step-log.ts';
