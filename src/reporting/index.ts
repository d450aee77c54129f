export { type InspectionPageOptions, renderInspection } from './inspection/page.js';
export { buildReport } from './report.js';
