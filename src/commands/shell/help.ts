import { CLIError } from '@oclif/core/errors';
import { Help } from '@oclif/core/help';

/** oclif's help, which names what was most likely meant where there is no such command, as running it does. */
export default class CommandHelp extends Help {
  override async showHelp(argv: string[]): Promise<void> {
    try {
      await super.showHelp(argv);
    } catch (error) {
      const words = argv.filter((word) => !word.startsWith('-'));
      if (!(error instanceof CLIError) || words.length === 0) throw error;
      const { failures } = await this.config.runHook('command_not_found', { id: words.join(':'), argv });
      throw failures[0]?.error ?? error;
    }
  }
}
