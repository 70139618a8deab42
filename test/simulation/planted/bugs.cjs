/**
 * Bugs that the simulation must find: each replaces a text of a source.
 * @typedef {{ file: string, from: string, to: string }} Edit
 * @type {Record<string, readonly Edit[]>}
 */
const bugs = {
    'retry an ADD': [
        {
            file: 'client/storeCalls.ts',
            from: `this.retry = opcode === Opcode.ADD ? 'never' : 'afterClose';`,
            to: `this.retry = 'afterClose';`,
        },
    ],
    'retry a counter': [{ file: 'client/CounterCall.ts', from: `retry = 'never';`, to: `retry = 'always';` }],
    'retry a SET that may still be carried out': [
        {
            file: 'client/storeCalls.ts',
            from: `this.retry = opcode === Opcode.ADD ? 'never' : 'afterClose';`,
            to: `this.retry = opcode === Opcode.ADD ? 'never' : 'always';`,
        },
    ],
    'ignore the opaque': [
        {
            file: 'client/Channel.ts',
            from: `if (call === null || (reply.opaque - call.opaque) >>> 0 >= call.frames)`,
            to: `if (call === null)`,
        },
    ],
    'forget a deadline': [
        {
            file: 'client/CallQueue.ts',
            from: `deadlines.add((call.deadline ??= new Deadline(call, deadlineMs, true)));`,
            to: `if (call === this.turn[0]) deadlines.add((call.deadline ??= new Deadline(call, deadlineMs, true)));`,
        },
    ],
    'keep a dead channel in the pool': [
        { file: 'client/MemcachedServer.ts', from: `this.pool.remove(channel);`, to: `` },
    ],
    'accept the CAS of an old generation': [
        {
            file: 'client/ItemVerbs.ts',
            from: `if (generation !== undefined && generation !== node.generation)`,
            to: `if (generation === null)`,
        },
    ],
    'drop the last chunk of a batch': [
        {
            file: 'client/chunks.ts',
            from: `return this.from < this.keys.length;`,
            to: `return this.from === 0 && this.keys.length > 0;`,
        },
    ],
    'write again what the kernel has not taken': [
        { file: 'client/Channel.ts', from: `if (socket.writableLength === 0)`, to: `if (socket.writableLength >= 0)` },
    ],
    'count a fault of a call twice': [
        {
            file: 'client/Call.ts',
            from: `this.host?.counts.failedBy(error);`,
            to: `this.host?.counts.failedBy(error); if (this.repeats > 1) this.host?.counts.failedBy(error);`,
        },
    ],
    'leave a socket open': [
        {
            file: 'client/Channel.ts',
            from: `if (pending.first === null)`,
            to: `if (this.state === 'gone' && !this.wasReady) ;\n        else if (pending.first === null)`,
        },
    ],
    'judge before what has arrived is read': [
        { file: 'client/Deadlines.ts', from: `this.look(0, nowMs + (nowMs - this.firesAt));`, to: `this.expireDue();` },
    ],
    'answer with a load whose lease is gone': [
        {
            file: 'cache/Loading.ts',
            from: `return this.hasValue && (held === undefined || this.lease === null || this.lease.isShownBy(held));`,
            to: `return this.hasValue;`,
        },
    ],
    'queue behind an add': [
        {
            file: 'cache/Conditions.ts',
            from: `return mayPass ? write() : values.inOrder(fullKey, write);`,
            to: `return values.inOrder(fullKey, write);`,
        },
    ],
    'store a loaded value without a lease': [
        {
            file: 'cache/LoadLease.ts',
            from: `if (reply.outcome === 'missing' || tries === MOST_TRIES || !(await this.find())) return false;`,
            to: `return this.client.set(this.key, value, { expires, flags });`,
        },
    ],
    'join a load that began before a store': [
        {
            file: 'cache/ValueStore.ts',
            from: `        const { stored, loads } = this;
        if (loads.size > 0) loads.delete(fullKey);`,
            to: `        const { stored } = this;`,
        },
    ],
    'take no lease': [
        {
            file: 'cache/LoadThrough.ts',
            from: `if (held !== undefined && !this.isStopping)`,
            to: `if (held === null && this.isStopping)`,
        },
    ],
    'return a stale value as fresh': [
        {
            file: 'cache/dated.ts',
            from: `return Date.now() < freshUntilMs(held) ? undated(held) : null;`,
            to: `return undated(held);`,
        },
    ],
    'update without comparing': [
        {
            file: 'cache/Updates.ts',
            from: `(await client.casSet(fullKey, bytes, item.cas, { expires, flags, generation })).outcome === 'stored'`,
            to: `await client.set(fullKey, bytes, { expires, flags })`,
        },
    ],
    'update with the CAS of an old generation': [
        { file: 'cache/Updates.ts', from: `if (client.server(fullKey).generation !== generation)`, to: `if (false)` },
        { file: 'client/ItemVerbs.ts', from: `generation !== node.generation`, to: `false` },
        { file: 'client/storeCalls.ts', from: `if (this.isOfGeneration)`, to: `if (false)` },
    ],
    'count validity from the reply': [
        {
            file: 'lock/Lease.ts',
            from: `this.validity = new Validity(lock.since, ttlMs);\n    }`,
            to: `this.validity = new Validity(new Moment(), ttlMs);\n    }`,
        },
    ],
    'believe the whole ttl and a second more': [
        { file: 'lock/Validity.ts', from: `const BELIEVED = 0.99;`, to: `const BELIEVED = 2;` },
    ],
    'ask memcached for no extra seconds': [
        { file: 'lock/LockStore.ts', from: `const EXTRA_SECONDS = 2;`, to: `const EXTRA_SECONDS = 0;` },
    ],
    'ask memcached for one extra second': [
        { file: 'lock/LockStore.ts', from: `const EXTRA_SECONDS = 2;`, to: `const EXTRA_SECONDS = 1;` },
    ],
    'skip the read-back after a lost reply': [
        {
            file: 'lock/LockStore.ts',
            from: `unanswered.set(token, since);`,
            to: `return null;`,
        },
    ],
    'release without the CAS': [
        {
            file: 'lock/LockStore.ts',
            from: `const outcome = await client.casDelete(key, cas, { pinned: true, generation });`,
            to: `const outcome = (await client.delete(key)) ? 'deleted' : 'missing';`,
        },
    ],
    'extend without the CAS': [
        {
            file: 'lock/LockStore.ts',
            from: `const reply = await client.casSet(key, token, cas, { ...storing(ttlMs), generation });`,
            to: `const reply = { outcome: (await client.replace(key, token, storing(ttlMs))) ? 'stored' : 'missing', cas };`,
        },
    ],
    'clean up without looking at the token': [
        {
            file: 'lock/Abandoned.ts',
            from: `if (!tokens.has(token) || cas === 0n)`,
            to: `if (cas === 0n)`,
        },
    ],
    'leave a timer of the lock running': [
        { file: 'lock/Abandoned.ts', from: `for (const entry of entries) this.forget(entry);`, to: `` },
    ],
    'work under a lease that has run out': [
        { file: 'lock/MemcachedLock.ts', from: `if (session.isOver || !lease.isHeld())`, to: `if (session.isOver)` },
    ],
    'leave a rejection without a handler': [
        {
            file: 'cache/ValueStore.ts',
            from: `const [kept, { failed }] = await Promise.all([
            surplus > 0 ? this.deleteAll(fullKeys.slice(0, surplus)) : null,
            client.setMany(entries, { expires }, stored),
        ]);`,
            to: `const deleting = surplus > 0 ? this.deleteAll(fullKeys.slice(0, surplus)) : null;
        const { failed } = await client.setMany(entries, { expires }, stored);
        const kept = await deleting;`,
        },
    ],
    'leave the timer of a log running': [
        {
            file: 'connect/MemcachedConnection.ts',
            from: `                this.serverLog?.stop();\n            }`,
            to: `            }`,
        },
    ],
    'take what an earlier call has left for a holder': [
        {
            file: 'lock/LockStore.ts',
            from: `if (found !== null && !(await this.abandoned.clearFound(key, found))) return null;`,
            to: `if (found !== null) return null;`,
        },
    ],
    'close the sockets of a server that has left with the client': [
        {
            file: 'client/ServerFleet.ts',
            from: `await node.untilIdle();\n        await node.close();\n        this.leaving.delete(node);`,
            to: `await node.untilIdle();`,
        },
    ],
    'reject the calls of a server that has left': [
        {
            file: 'client/ServerFleet.ts',
            from: `await Promise.allSettled(this.batches);\n        await node.untilIdle();\n        await node.close();`,
            to: `await node.close();`,
        },
    ],
    'send the rest of a batch by the next list': [
        {
            file: 'client/KeyBatch.ts',
            from: `else server.enqueue(call);`,
            to: `else this.serverOf(chunk.keys[0]).enqueue(call);`,
        },
    ],
    'compare the CAS of a lease on the next server': [
        {
            file: 'cache/LoadLease.ts',
            from: `        this.generation = generation;\n    }\n}`,
            to: `        this.generation = this.client.server(this.key).generation;\n    }\n}`,
        },
    ],
    'compare the CAS of a lock on the next server': [
        {
            file: 'lock/LockStore.ts',
            from: `if (cas !== null) return storedLock(token, cas, home, since);`,
            to: `if (cas !== null) return storedLock(token, cas, client.home(key), since);`,
        },
    ],
    'ask a server that has left for its token': [
        {
            file: 'cache/Tokens.ts',
            from: `if (this.client.nodes.includes(server)) throw error;`,
            to: `if (server !== null) throw error;`,
        },
    ],
    'ask discovery no more after a failure': [
        {
            file: 'connect/DiscoveryWatch.ts',
            from: `this.fail((error as Error | undefined)?.message ?? String(error));`,
            to: `return this.fail((error as Error | undefined)?.message ?? String(error));`,
        },
    ],
    'wait for discovery for ever': [
        {
            file: 'connect/DiscoveryWatch.ts',
            from: `return await limit.race(this.ask());`,
            to: `return await this.ask();`,
        },
    ],
    'ask the next server without the option': [
        { file: 'client/ServerList.ts', from: `if (failover) this.isUsable`, to: `this.isUsable` },
    ],
    'find no way back to a server that was down': [
        {
            file: 'client/ServerHealth.ts',
            from: `this.lastFault = null;\n        this.isDown = false;`,
            to: `this.lastFault = null;`,
        },
    ],
    'believe replies that are not confirmed': [
        {
            file: 'client/Namespace.ts',
            from: `if (status !== Status.OK || valueBytes !== TOKEN_CHARS) return false;`,
            to: `if (status !== Status.OK || valueBytes !== 0) return true;`,
        },
    ],
};

module.exports = bugs;
