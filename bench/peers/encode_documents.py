"""Turns documents into ids, on one thread, as `npm run bench:tokenizers` asks for.

usage: encode_documents.py tokenizers|tiktoken TOKENIZER.json ROUNDS [PATTERN] < DOCUMENTS.json
Prints one JSON object: the seconds of every round after a first one, and the number of ids.
tiktoken gets the merges of the file as its ranks, and the pattern; it knows no normalizers.
"""

import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

library, path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
documents = json.load(sys.stdin)


def ranks(model):
    """The bytes of every token that merges make, and of every byte, in the order in which they are made."""
    visible = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    hidden = [b for b in range(256) if b not in visible]
    byte_of = {chr(b): b for b in visible} | {chr(256 + i): b for i, b in enumerate(hidden)}
    found = {bytes([b]): b for b in range(256)}
    for merge in model["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        found.setdefault(bytes(byte_of[character] for character in left + right), len(found))
    return found


if library == "tokenizers":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
else:
    import tiktoken

    with open(path, encoding="utf-8") as file:
        mergeable = ranks(json.load(file)["model"])
    encode = tiktoken.Encoding("bench", pat_str=sys.argv[4], mergeable_ranks=mergeable, special_tokens={}).encode_ordinary

ids = sum(len(encode(document)) for document in documents)
seconds = []
for _ in range(rounds):
    started = time.perf_counter()
    for document in documents:
        encode(document)
    seconds.append(time.perf_counter() - started)
print(json.dumps({"seconds": seconds, "ids": ids}))
