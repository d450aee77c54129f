import type { Hook } from '@oclif/core';

/** Commands of oclif's plugin manager after which one wants to know what the plugins do. */
const TOLD_AFTER = new Set(['plugins', 'plugins:install', 'plugins:link']);

/**
 * Tells what the installed plugins give, and which of them are left out and why: oclif's plugin manager knows packages,
 * and installs one that throws as gladly as one that works.
 */
const hook: Hook.Postrun = async ({ Command, argv, config }) => {
  if (!TOLD_AFTER.has(Command.id) || argv.includes('--json')) return;
  const [{ Config }, { loadRegistry }, { describeInstalledPlugins, describePluginProblems }] = await Promise.all([
    import('@oclif/core/config'),
    import('../../plugins/discovery.js'),
    import('./plugin-lines.js'),
  ]);
  // The command's own configuration is from before it, and lacks what was linked.
  const registry = await loadRegistry(await Config.load({ root: config.root }));
  for (const line of describeInstalledPlugins(registry)) process.stdout.write(`${line}\n`);
  for (const line of describePluginProblems(registry)) process.stderr.write(`${line}\n`);
};
export default hook;
