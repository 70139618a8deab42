/**
 * Bugs that the simulation must find: each replaces a text of a source.
 * @typedef {{ file: string, from: string, to: string }} Edit
 * @type {Record<string, readonly Edit[]>}
 */
const bugs = {
    'retry an ADD': [
        {
            file: 'client/calls/storeCalls.ts',
            from: `this.retry = operation === 'add' ? 'never' : 'afterClose';`,
            to: `this.retry = 'afterClose';`,
        },
    ],
    'retry a counter': [{ file: 'client/calls/CounterCall.ts', from: `retry = 'never';`, to: `retry = 'always';` }],
    'retry a SET that may still be carried out': [
        {
            file: 'client/calls/storeCalls.ts',
            from: `this.retry = operation === 'add' ? 'never' : 'afterClose';`,
            to: `this.retry = operation === 'add' ? 'never' : 'always';`,
        },
    ],
    'ignore the opaque': [
        {
            file: 'client/channel/Channel.ts',
            from: `if (call === null || (reply.opaque - call.opaque) >>> 0 >= call.frameCount)`,
            to: `if (call === null)`,
        },
    ],
    'forget a deadline': [
        {
            file: 'client/server/CallQueue.ts',
            from: `deadlines.add((call.deadline ??= new Deadline(call, deadlineMs, true)));`,
            to: `if (call === this.entering[0]) deadlines.add((call.deadline ??= new Deadline(call, deadlineMs, true)));`,
        },
    ],
    'keep a dead channel in the pool': [
        {
            file: 'client/server/ChannelPool.ts',
            from: `this.entries.splice(this.entries.indexOf(entry), 1);`,
            to: ``,
        },
    ],
    'accept the CAS of an old epoch': [
        {
            file: 'client/Commands.ts',
            from: `if (epoch !== undefined && epoch !== server.epoch)`,
            to: `if (epoch === null)`,
        },
    ],
    'drop the last chunk of a batch': [
        {
            file: 'client/BatchPart.ts',
            from: `return this.from < this.keys.length;`,
            to: `return this.from === 0 && this.keys.length > 0;`,
        },
    ],
    'write again what the kernel has not taken': [
        {
            file: 'client/channel/Channel.ts',
            from: `if (socket.writableLength === 0)`,
            to: `if (socket.writableLength >= 0)`,
        },
    ],
    'count a fault of a call twice': [
        {
            file: 'client/calls/Call.ts',
            from: `this.host?.metrics.recordFailure(error);`,
            to: `this.host?.metrics.recordFailure(error); if (this.retries > 1) this.host?.metrics.recordFailure(error);`,
        },
    ],
    'leave a socket open': [
        {
            file: 'client/channel/Channel.ts',
            from: `if (pending.first === null)`,
            to: `if (this.stage === 'connecting') ;\n        else if (pending.first === null)`,
        },
    ],
    'judge before what has arrived is read': [
        {
            file: 'client/calls/Deadlines.ts',
            from: `this.look(0, nowMs + (nowMs - this.firesAt));`,
            to: `this.expireDue();`,
        },
    ],
    'answer with a load whose lease is gone': [
        {
            file: 'cache/load/PendingLoad.ts',
            from: `return this.hasValue && (held === undefined || this.lease === null || this.lease.isShownBy(held));`,
            to: `return this.hasValue;`,
        },
    ],
    'queue behind an add': [
        {
            file: 'cache/AtomicVerbs.ts',
            from: `engine.inOrder(fullKey, encoded instanceof Promise,`,
            to: `engine.inOrder(fullKey, true,`,
        },
    ],
    'store a loaded value without a lease': [
        {
            file: 'cache/load/LoadLease.ts',
            from: `if (reply.outcome === 'missing' || tries === MAX_TRIES || !(await this.rediscover())) return false;`,
            to: `return this.commands.store('set', this.key, value, { expires, flags });`,
        },
    ],
    'join a load that began before a store': [
        {
            file: 'cache/engine/CacheEngine.ts',
            from: `        const { tracked, loads } = this;
        if (loads.size > 0) loads.delete(fullKey);`,
            to: `        const { tracked } = this;`,
        },
    ],
    'take no lease': [
        {
            file: 'cache/load/LoadThrough.ts',
            from: `if (miss.held !== undefined && !this.isStopping)`,
            to: `if (miss.held === null && this.isStopping)`,
        },
    ],
    'return a stale value as fresh': [
        {
            file: 'cache/values/staleEnvelope.ts',
            from: `return Date.now() < freshUntilMs(held) ? unwrap(held) : null;`,
            to: `return unwrap(held);`,
        },
    ],
    'update without comparing': [
        {
            file: 'cache/UpdateVerbs.ts',
            from: `(await commands.casSet(fullKey, bytes, item.cas, { expires, flags, epoch })).outcome === 'stored'`,
            to: `await commands.store('set', fullKey, bytes, { expires, flags })`,
        },
    ],
    'update with the CAS of an old epoch': [
        {
            file: 'cache/UpdateVerbs.ts',
            from: `if (commands.cluster.server(fullKey).epoch !== epoch)`,
            to: `if (false)`,
        },
        { file: 'client/Commands.ts', from: `epoch !== server.epoch`, to: `false` },
        { file: 'client/calls/storeCalls.ts', from: `if (this.expectsEpoch)`, to: `if (false)` },
    ],
    'count validity from the reply': [
        {
            file: 'lock/Lease.ts',
            from: `this.deadline = new LeaseDeadline(lock.since, ttlMs);\n    }`,
            to: `this.deadline = new LeaseDeadline(new Timestamp(), ttlMs);\n    }`,
        },
    ],
    'believe the whole ttl and a second more': [
        { file: 'lock/LeaseDeadline.ts', from: `const TRUSTED_SHARE = 0.99;`, to: `const TRUSTED_SHARE = 2;` },
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
            from: `const outcome = await commands.casDelete(key, cas, { pinned: true, epoch });`,
            to: `const outcome = (await commands.delete(key)) ? 'deleted' : 'missing';`,
        },
    ],
    'extend without the CAS': [
        {
            file: 'lock/LockStore.ts',
            from: `const reply = await commands.casSet(key, token, cas, { ...storeOptions(ttlMs), epoch });`,
            to: `const reply = { outcome: (await commands.store('replace', key, token, storeOptions(ttlMs))) ? 'stored' : 'missing', cas };`,
        },
    ],
    'clean up without looking at the token': [
        {
            file: 'lock/OrphanedLocks.ts',
            from: `if (!tokens.has(token) || cas === 0n)`,
            to: `if (cas === 0n)`,
        },
    ],
    'leave a timer of the lock running': [
        { file: 'lock/OrphanedLocks.ts', from: `for (const orphan of orphans) this.forget(orphan);`, to: `` },
    ],
    'work under a lease that has run out': [
        { file: 'lock/withLock.ts', from: `if (session.isOver || !lease.isHeld())`, to: `if (session.isOver)` },
    ],
    'leave a rejection without a handler': [
        {
            file: 'cache/engine/CacheEngine.ts',
            from: `const [kept, { failed }] = await Promise.all([
            surplus > 0 ? this.deleteAll(fullKeys.slice(0, surplus)) : null,
            commands.setMany(entries, { expires }, tracked),
        ]);`,
            to: `const deleting = surplus > 0 ? this.deleteAll(fullKeys.slice(0, surplus)) : null;
        const { failed } = await commands.setMany(entries, { expires }, tracked);
        const kept = await deleting;`,
        },
    ],
    'leave the timer of a log running': [
        {
            file: 'connect/MemcachedConnection.ts',
            from: `        await client?.close();\n        this.serverLog?.stop();`,
            to: `        await client?.close();`,
        },
    ],
    'take what an earlier call has left for a holder': [
        {
            file: 'lock/LockStore.ts',
            from: `if (found !== null && !(await this.orphans.deleteFound(key, found))) return null;`,
            to: `if (found !== null) return null;`,
        },
    ],
    'believe replies that are not confirmed': [
        {
            file: 'client/calls/Namespace.ts',
            from: `return reply.outcome === Outcome.OK && reply.valueEquals(key, start, start + TOKEN_CHARS);`,
            to: `return reply.outcome !== Outcome.OK || !reply.valueEquals(key, start, start);`,
        },
    ],
};

module.exports = bugs;
