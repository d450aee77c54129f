export { buildReport } from './report.js';
