import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where the program keeps what belongs to no project: plugins, and engines that it installed. The same as oclif's
 * `config.dataDir`, for those who have no command's configuration at hand.
 */
export function dataDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { PC_DATA_DIR: own, XDG_DATA_HOME: shared, LOCALAPPDATA: windows } = environment;
  if (own) return own;
  return join(shared || (process.platform === 'win32' && windows) || join(homedir(), '.local', 'share'), 'pc');
}
