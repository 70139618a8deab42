"""Stores every key by libmemcached's weighted ketama. Reads {"servers": ["host:port:weight"], "keys": [...]} from its input."""

import json
import sys

import pylibmc

task = json.load(sys.stdin)
client = pylibmc.Client(task["servers"], binary=True, behaviors={"ketama_weighted": True})
failed = client.set_multi({key: "value" for key in task["keys"]}, time=60)
if failed:
    sys.exit(f"{len(failed)} keys were not stored")
