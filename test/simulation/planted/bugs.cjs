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
    'close the sockets of a server that has left with the client': [
        {
            file: 'client/cluster/Cluster.ts',
            from: `await node.untilIdle();\n        await node.close();\n        this.leaving.delete(node);`,
            to: `await node.untilIdle();`,
        },
    ],
    'reject the calls of a server that has left': [
        {
            file: 'client/cluster/Cluster.ts',
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
            file: 'cache/load/LoadLease.ts',
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
            file: 'cache/keys/NamespaceTokens.ts',
            from: `if (this.client.nodes.includes(server)) throw error;`,
            to: `if (server !== null) throw error;`,
        },
    ],
    'ask discovery no more after a failure': [
        {
            file: 'connect/DiscoveryWatcher.ts',
            from: `this.fail((error as Error | undefined)?.message ?? String(error));`,
            to: `return this.fail((error as Error | undefined)?.message ?? String(error));`,
        },
    ],
    'wait for discovery for ever': [
        {
            file: 'connect/DiscoveryWatcher.ts',
            from: `return await limit.race(this.ask());`,
            to: `return await this.ask();`,
        },
    ],
    'ask the next server without the option': [
        { file: 'client/cluster/ServerSet.ts', from: `if (failover) this.isUsable`, to: `this.isUsable` },
    ],
    'find no way back to a server that was down': [
        {
            file: 'client/server/ServerHealth.ts',
            from: `this.lastFault = null;\n        this.isDown = false;`,
            to: `this.lastFault = null;`,
        },
    ],
    'believe replies that are not confirmed': [
        {
            file: 'client/calls/Namespace.ts',
            from: `return reply.outcome === Outcome.OK && reply.valueEquals(key, start, start + TOKEN_CHARS);`,
            to: `return reply.outcome !== Outcome.OK || !reply.valueEquals(key, start, start);`,
        },
    ],
    'count each look-up twice': [
        {
            file: 'cache/engine/CacheEngine.ts',
            from: `this.events.lookedUp(value !== null);`,
            to: `this.events.lookedUp(value !== null);\n        this.events.lookedUp(value !== null);`,
        },
    ],
    'count what a batch could not store': [
        {
            file: 'cache/engine/CacheEngine.ts',
            from: `this.events.count('stored', entries.length - failed.size);`,
            to: `this.events.count('stored', entries.length);`,
        },
    ],
    'count the release of a lock that was lost': [
        {
            file: 'lock/MemcachedLock.ts',
            from: `if (wasOurs) this.events.count('released');`,
            to: `this.events.count('released');`,
        },
    ],
    'keep a lock that came after its session': [
        {
            file: 'lock/MemcachedLock.ts',
            from: `if (session.isOver || signal?.aborted) await lease?.[Symbol.asyncDispose]();`,
            to: ``,
        },
    ],
    'count every key of a batch as missing': [
        {
            file: 'client/calls/batchCalls.ts',
            from: `this.repeats === 0 ? this.keys.length - this.told :`,
            to: `this.repeats === 0 ? this.keys.length :`,
        },
    ],
    'take an invalid key for a miss': [
        {
            file: 'client/model/errors.ts',
            from: `const AWAY = new Set([`,
            to: `const AWAY = new Set(['INVALID_KEY', `,
        },
    ],
    'soften what memcached has refused': [
        {
            file: 'cache/engine/CacheEngine.ts',
            from: `if (!this.options.failSoft || !isAway(error)) throw this.failed(context, error);`,
            to: `if (!this.options.failSoft) throw this.failed(context, error);`,
        },
    ],
    'soften what memcached has to decide': [
        {
            file: 'cache/MemcachedCache.ts',
            from: `            throw this.values.failed(context, error);`,
            to: `            return this.values.soften(context, error, false as T);`,
        },
    ],
    'fail a batch in spite of fail_soft': [
        {
            file: 'cache/BatchVerbs.ts',
            from: `if (values.options.failSoft && isAway(error))`,
            to: `if (isAway(undefined))`,
        },
    ],
    'ask for a token before the key is checked': [
        {
            file: 'cache/keys/Keyspace.ts',
            from: `this.check(fullKey);\n        return tokens.ask(key);`,
            to: `return tokens.ask(key);`,
        },
    ],
    'give a lock without a CAS': [
        { file: 'lock/LockStore.ts', from: `if (cas === 0n) await this.refuse(client, home, key);`, to: `` },
    ],
    'leave a lock that is refused for want of a CAS': [
        {
            file: 'lock/LockStore.ts',
            from: `if (client.server(key) === home) await client.delete(key).catch(() => {});`,
            to: ``,
        },
    ],
    'update without a CAS': [
        {
            file: 'cache/UpdateVerbs.ts',
            from: `if (item.cas === 0n) throw casDisabled(address);`,
            to: `void address; void casDisabled;`,
        },
        {
            file: 'cache/UpdateVerbs.ts',
            from: `(await client.casSet(fullKey, bytes, item.cas, { expires, flags, generation })).outcome === 'stored'`,
            to: `item.cas === 0n
                  ? await client.set(fullKey, bytes, { expires, flags })
                  : (await client.casSet(fullKey, bytes, item.cas, { expires, flags, generation })).outcome === 'stored'`,
        },
    ],
    'evict without a CAS': [
        {
            file: 'cache/keys/TrackedKeys.ts',
            from: `if (casHigh === 0 && casLow === 0) return this.forget(entry);`,
            to: ``,
        },
    ],
    'evict what another instance has stored': [
        {
            file: 'client/calls/storeCalls.ts',
            from: `writer.begin(Opcode.DELETEQ, opaque, casHigh, casLow, key, 0);`,
            to: `writer.begin(Opcode.DELETEQ, opaque, casHigh * 0, casLow * 0, key, 0);`,
        },
    ],
    'tell of CAS that are not there': [
        {
            file: 'client/server/HealthCheck.ts',
            from: `if (text === 'yes') return true;`,
            to: `if (text !== undefined) return true;`,
        },
    ],
    'send calls before the login': [
        {
            file: 'client/channel/Channel.ts',
            from: `if (this.at.login !== undefined) this.begin(new LoginCall(this.at.login));`,
            to: `if (this.at.login !== undefined) { this.begin(new LoginCall(this.at.login)); this.beReady(); }`,
        },
    ],
    'soften a wrong password': [
        {
            file: 'client/model/errors.ts',
            from: `const AWAY = new Set([`,
            to: `const AWAY = new Set(['AUTH_FAILED', `,
        },
    ],
    'give up after a wrong password': [
        {
            file: 'client/server/MemcachedServer.ts',
            from: `if (!this.isSettling) health.waitThen(() => this.pool.open());`,
            to: `if (!this.isSettling && !isAuthFailure(fault)) health.waitThen(() => this.pool.open());`,
        },
    ],
    'tell the password': [
        {
            file: 'client/server/MemcachedServer.ts',
            from: `return this.isRefused ? authFailed(this.address)`,
            to: `return this.isRefused ? authFailed(this.address + this.at.login!.password)`,
        },
    ],
    'leave a caller waiting whose signal has aborted': [
        {
            file: 'cache/load/LoadThrough.ts',
            from: `return signal ? untilAborted(signal, () => this.find(request)) : this.find(request);`,
            to: `return this.find(request);`,
        },
    ],
    'load on for callers that have gone': [
        {
            file: 'cache/load/PendingLoad.ts',
            from: `if (this.listeners === 0 && !this.isBehind) this.abort(signal.reason);`,
            to: ``,
        },
    ],
    'wait for a lock after the signal': [
        {
            file: 'lock/MemcachedLock.ts',
            from: `await session.pause(Math.min(pauseMs, leftMs), signal);\n            signal?.throwIfAborted();`,
            to: `await session.pause(Math.min(pauseMs, leftMs));`,
        },
        {
            file: 'lock/MemcachedLock.ts',
            from: `        session.check();\n        signal?.throwIfAborted();\n        return lease;`,
            to: `        session.check();\n        return lease;`,
        },
    ],
    'keep a value for longer than max_expiration': [
        {
            file: 'cache/engine/CacheEngine.ts',
            from: `return toExpirySeconds(options.maxExpiration);`,
            to: `return toExpirySeconds(ms);`,
        },
    ],
};

module.exports = bugs;
