import type { Hook } from '@oclif/core';
import { UsageError } from '../../support/errors.js';
import { nearestName } from '../../support/nearest-name.js';
import { tellFailure } from './tell-failure.js';

/**
 * Refuses a command that does not exist as any other wrong usage: told on stderr, or by `--json` on stdout, with the
 * command that was most likely meant, and exit code 2. It asks nothing, so scripts and people see the same.
 */
const hook: Hook.CommandNotFound = async function ({ id, argv = [], config }) {
  const visible = config.commands.filter(({ hidden }) => !hidden).map((command) => words(command.id));
  return this.exit(tellFailure(unknownCommand(words(id), visible, config.bin), argv));
};
export default hook;

/**
 * @param typed words before the first flag; the last ones may be arguments
 * @param commands their names as typed
 */
export function unknownCommand(typed: string, commands: readonly string[], bin: string): UsageError {
  const parts = typed.split(' ');
  const beginnings = parts.map((_, index) => parts.slice(0, parts.length - index).join(' '));
  // oclif takes what follows a command without arguments for a part of its name.
  const command = beginnings.find((beginning) => commands.includes(beginning));
  if (command !== undefined) {
    return new UsageError(`${bin} ${command} takes no argument: ${typed.slice(command.length + 1)}`, {
      hint: `\`${bin} ${command} --help\` lists its flags.`,
    });
  }
  const nearest = beginnings.flatMap((beginning) => nearestName(beginning, commands) ?? [])[0];
  const hasTopic = commands.some((command) => command.startsWith(`${parts[0]} `));
  return new UsageError(`there is no command ${bin} ${hasTopic ? parts.slice(0, 2).join(' ') : parts[0]}`, {
    hint:
      nearest === undefined
        ? `\`${bin} help${hasTopic ? ` ${parts[0]}` : ''}\` lists the commands.`
        : `Did you mean \`${bin} ${nearest}\`?`,
  });
}

/** A command's id as it is typed. */
function words(id: string): string {
  return id.replaceAll(':', ' ');
}
