import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** This part needs no jax. */
const PYTHON = process.env.PC_TEST_PYTHON ?? 'python3';
const hasPython = spawnSync(PYTHON, ['-c', '']).status === 0;
if (!hasPython) console.log('how processes find each other is not tested: there is no python3');

const SCRIPT = `
import json, sys
from pc_jax import cluster
def told(environment):
    try:
        found = cluster.find(environment)
        return found and [found.coordinator, found.processes, found.process]
    except cluster.ClusterError as error:
        return str(error)
print(json.dumps([told(environment) for environment in json.loads(sys.argv[1])]))
`;

/** What processes find whose launchers tell them these variables. */
function found(environments: readonly Record<string, string>[]): unknown[] {
  const env = { ...process.env, PYTHONPATH: 'backends/jax/python' };
  return JSON.parse(execFileSync(PYTHON, ['-c', SCRIPT, JSON.stringify(environments)], { env, encoding: 'utf8' }));
}

describe.skipIf(!hasPython)('a process of several', () => {
  const cases: [string, Record<string, string>, unknown][] = [
    ['nobody', {}, null],
    ['torchrun, or by hand', { MASTER_ADDR: 'a', MASTER_PORT: '7', WORLD_SIZE: '4', RANK: '3' }, ['a:7', 4, 3]],
    ['torchrun, alone', { MASTER_ADDR: 'a', WORLD_SIZE: '1', RANK: '0' }, null],
    [
      'srun',
      { SLURM_JOB_ID: '4097', SLURM_STEP_NUM_TASKS: '8', SLURM_PROCID: '5', SLURM_STEP_NODELIST: 'gpu[003-006,9],x' },
      ['gpu003:61441', 8, 5],
    ],
    [
      'srun on nodes of other names',
      { SLURM_JOB_ID: '5', SLURM_STEP_NUM_TASKS: '2', SLURM_PROCID: '0', SLURM_STEP_NODELIST: 'login,gpu1' },
      ['login:61445', 2, 0],
    ],
    ['the script of a batch job', { SLURM_JOB_ID: '4097', SLURM_NTASKS: '8', SLURM_PROCID: '0' }, null],
    [
      'mpirun on one machine',
      { OMPI_COMM_WORLD_SIZE: '2', OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_LOCAL_SIZE: '2' },
      ['127.0.0.1:8476', 2, 1],
    ],
    [
      'mpirun on several',
      {
        OMPI_COMM_WORLD_SIZE: '4',
        OMPI_COMM_WORLD_RANK: '1',
        OMPI_COMM_WORLD_LOCAL_SIZE: '2',
        OMPI_MCA_orte_hnp_uri: '1531576320.0;tcp://10.96.0.1,10.148.0.1:34911',
      },
      ['10.96.0.1:8476', 4, 1],
    ],
    [
      'mpiexec on several, which say too little',
      { PMI_SIZE: '4', PMI_RANK: '1' },
      expect.stringContaining('MASTER_ADDR'),
    ],
    [
      'an Indexed Job',
      { JOB_COMPLETION_INDEX: '2', HOSTNAME: 'train-x-2', PC_PROCESSES: '4', PC_SUBDOMAIN: 'train-x' },
      ['train-x-0.train-x:8476', 4, 2],
    ],
    [
      'an Indexed Job of others',
      { JOB_COMPLETION_INDEX: '2', HOSTNAME: 'a-2' },
      expect.stringContaining('PC_PROCESSES'),
    ],
    ['a TPU pod', { TPU_WORKER_HOSTNAMES: 't0,t1', TPU_WORKER_ID: '1' }, ['t0:8476', 2, 1]],
  ];

  it('is found where it was started by a launcher', () => {
    const answers = found(cases.map(([, variables]) => variables));
    for (const [index, [launcher, , expected]] of cases.entries()) expect(answers[index], launcher).toEqual(expected);
  });
});
