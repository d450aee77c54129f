import { systemErrorCode } from './output-failures.js';

/** What file systems answer that have no hard links, or allow no more of them. */
const REFUSALS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK']);

/** Whether a link failed because there are none here (FAT, some network file systems), so that another way is to be taken. */
export function refusesLinks(error: unknown): boolean {
  return REFUSALS.has(systemErrorCode(error) ?? '');
}
