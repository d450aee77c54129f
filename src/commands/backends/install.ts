import { Args } from '@oclif/core';
import { ConfigError } from '../../support/errors.js';
import { BaseCommand } from '../base.js';

interface Installed {
  name: string;
  installed: string;
}

export default class BackendsInstall extends BaseCommand {
  static override summary = 'Fetch an engine that pc does not carry.';
  static override description =
    'jax makes a Python environment of its own, for the devices of this machine; jax-cpu, jax-cuda and jax-tpu choose the kind. It needs a Python that can make environments, and the index of Python packages or a copy of it: pip’s own settings, such as PIP_INDEX_URL and PIP_FIND_LINKS, count. What an earlier installation made is replaced.';
  static override examples = ['<%= config.bin %> backends install jax'];
  static override args = { name: Args.string({ required: true, description: 'What to install.' }) };

  async run(): Promise<Installed> {
    const { args } = await this.parse(BackendsInstall);
    const { installers } = await this.loadPlugins();
    const installer = installers.get(args.name);
    if (installer === undefined) {
      const { nearestName } = await import('../../support/nearest-name.js');
      const near = nearestName(args.name, installers.keys());
      throw new ConfigError(`nothing that can be installed is named "${args.name}"`, {
        hint: `${near === undefined ? '' : `Did you mean "${near}"? `}There are ${[...installers.keys()].join(', ')}.`,
      });
    }
    const signal = this.stopSignal;
    let installed = '';
    await this.runTasks(
      [
        {
          title: `Installing ${args.name}`,
          task: async (_context, task) => {
            const log = (line: string): void => {
              task.output = line;
            };
            installed = await installer.install({ log, signal });
          },
        },
      ],
      {},
    );
    this.log(installed);
    return { name: args.name, installed };
  }
}
