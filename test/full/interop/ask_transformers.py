"""What `transformers` makes of exported models, and models of its own.

    logits DIRECTORY IDS OUTPUT      logits [N, V] of a model for the ids in a JSON file, as safetensors
    make DIRECTORY IDS OUTPUT JSON   the same of a model that it makes itself, from a configuration, and saves
    encode DIRECTORY TEXT            ids of a text, and what they decode to, as JSON
"""

import json
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM


def write_logits(model, ids_file, output):
    with open(ids_file) as file:
        ids = torch.tensor([json.load(file)])
    with torch.no_grad():
        logits = model.eval()(ids).logits[0]
    save_file({"logits": logits.float().contiguous()}, output)


def main(command, directory, *rest):
    if command == "logits":
        write_logits(AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32), *rest)
    elif command == "make":
        ids, output, config = rest
        torch.manual_seed(0)
        model = LlamaForCausalLM(LlamaConfig(**json.loads(config)))
        model.save_pretrained(directory)
        write_logits(model, ids, output)
    elif command == "encode":
        tokenizer = AutoTokenizer.from_pretrained(directory)
        ids = tokenizer(rest[0]).input_ids
        print(json.dumps({"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=True)}))
    else:
        raise SystemExit(f"unknown command {command}")


main(*sys.argv[1:])
