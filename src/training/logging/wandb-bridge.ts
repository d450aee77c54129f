/**
 * The program that speaks to Weights & Biases through its own Python library. It reads one JSON object a line: first
 * the arguments of `wandb.init`, then `{step, metrics}`; the end of its input ends the run. It answers with one line,
 * `{ready: …}` or `{failed: …, missing: …}`, and what the library prints goes to stderr.
 */
export const WANDB_BRIDGE = `
import json, os, sys

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

def answer(**message):
    answers.write(json.dumps(message) + "\\n")
    answers.flush()

# Ctrl-C reaches every process of the terminal; the trainer decides when the run ends.
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)

# The run directory may hold a folder named wandb, which is not the library.
sys.path = [entry for entry in sys.path if entry not in ("", ".")]

try:
    import wandb
except ImportError as error:
    answer(failed=str(error), missing=True)
    sys.exit(3)

try:
    run = wandb.init(**json.loads(sys.stdin.readline()))
except Exception as error:
    answer(failed=str(error) or type(error).__name__, missing=False)
    sys.exit(4)

answer(ready=run.dir, version=wandb.__version__)
for line in sys.stdin:
    message = json.loads(line)
    run.log(message["metrics"], step=message["step"])
run.finish()
`;
