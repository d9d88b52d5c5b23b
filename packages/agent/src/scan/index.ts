export { type InstalledContents, readInstalledContents } from './installed-contents.ts';
export { printScan } from './print.ts';
export { runScan, type ScanReport, type ScanRequest } from './scan.ts';
export { ScanError } from './scan-error.ts';
