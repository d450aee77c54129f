import { BaseCommand } from './base.js';
import { alignColumns } from './shell/table.js';

export default class Doctor extends BaseCommand {
  static override summary =
    'Check that pc works on this machine: disk, plugins, compressors, backends and their devices.';
  static override description = 'Exits with 1 if something that pc cannot do without does not work.';
  static override examples = ['<%= config.bin %> doctor'];

  async run(): Promise<object> {
    await this.parse(Doctor);
    const { diagnose } = await import('../plugins/diagnosis.js');
    const findings = await diagnose(await this.loadPlugins({ quietly: true }), process.cwd());
    for (const line of alignColumns(findings.map(({ check, verdict, detail }) => [verdict, check, detail])))
      this.log(line);
    if (findings.some(({ verdict }) => verdict === 'failed')) process.exitCode = 1;
    return { findings };
  }
}
