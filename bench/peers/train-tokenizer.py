"""Seconds that the trainer of Hugging Face's tokenizers takes: train-tokenizer.py FILE.jsonl VOCABULARY_SIZE PATTERN MERGES

The documents are in memory before the clock starts. Writes the merges to the file MERGES, one a line.
"""

import json
import sys
import time

from tokenizers import Regex, Tokenizer, __version__, models, pre_tokenizers, trainers

path, size, pattern, merges = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    documents = [json.loads(line)["text"] for line in file]
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [
        pre_tokenizers.Split(Regex(pattern), "isolated", False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
)
trainer = trainers.BpeTrainer(
    vocab_size=int(size),
    min_frequency=2,
    special_tokens=["<|endoftext|>"],
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
start = time.perf_counter()
tokenizer.train_from_iterator(documents, trainer, length=len(documents))
seconds = time.perf_counter() - start
learned = json.loads(tokenizer.to_str())["model"]["merges"]
with open(merges, "w", encoding="utf-8") as file:
    file.writelines(" ".join(merge) + "\n" for merge in learned)
print(json.dumps({"version": __version__, "seconds": seconds}))
