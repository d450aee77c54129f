export { buildReport, type Report, type ReportRequest } from './report.js';
export type { RunSummary } from './summary.js';
