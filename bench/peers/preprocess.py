"""Preprocesses in Python: preprocess.py gzip|bpe WORKERS FOLDER OUTPUT [TOKENIZER]

Writes the JSONL files of a folder again with the codes of each text as base64, as `pc preprocess` does. gzip works in a
pool of processes, bpe by the batches of Hugging Face's tokenizers, whose threads RAYON_NUM_THREADS limits. Prints the
seconds, without those in which Python starts.
"""

import array
import base64
import glob
import gzip
import itertools
import json
import multiprocessing
import os
import sys
import time

# Records that are handed to a process, or to the threads of the library, at once.
BATCH = 256


def batches(file):
    while batch := list(itertools.islice(file, BATCH)):
        yield batch


def extended(records, field, codes):
    lines = []
    for record, code in zip(records, codes):
        record[field] = base64.b64encode(code).decode()
        lines.append(json.dumps(record, ensure_ascii=False))
    return "\n".join(lines) + "\n"


def gzip_lines(lines):
    records = [json.loads(line) for line in lines]
    return extended(records, "pc_gzip", (gzip.compress(r["text"].encode(), 9, mtime=0) for r in records))


def big_endian(ids):
    numbers = array.array("H", ids)
    numbers.byteswap()
    return numbers.tobytes()


def bpe_lines(tokenizer):
    def encode(lines):
        records = [json.loads(line) for line in lines]
        encodings = tokenizer.encode_batch_fast([r["text"] for r in records], add_special_tokens=False)
        return extended(records, "pc_bpe", (big_endian(e.ids) for e in encodings))

    return encode


def run(folder, output, each):
    os.makedirs(output)
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl"))):
        with open(path, encoding="utf-8") as file, open(
            os.path.join(output, os.path.basename(path)), "w", encoding="utf-8"
        ) as out:
            for text in each(batches(file)):
                out.write(text)
            out.flush()
            os.fsync(out.fileno())


if __name__ == "__main__":
    kind, workers, folder, output = sys.argv[1:5]
    started = time.perf_counter()
    if kind == "gzip":
        with multiprocessing.Pool(int(workers)) as pool:
            run(folder, output, lambda lines: pool.imap(gzip_lines, lines))
    else:
        from tokenizers import Tokenizer

        encode = bpe_lines(Tokenizer.from_str(gzip.open(sys.argv[5], "rt", encoding="utf-8").read()))
        run(folder, output, lambda lines: map(encode, lines))
    print(time.perf_counter() - started)
