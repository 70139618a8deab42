/**
 * Bugs that the simulation must find. Each edit replaces a text of a source file.
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
    'retry a SET that the server may still execute': [
        {
            file: 'client/calls/storeCalls.ts',
            from: `this.retry = operation === 'add' ? 'never' : 'afterClose';`,
            to: `this.retry = operation === 'add' ? 'never' : 'always';`,
        },
    ],
    'retry a store once too often': [
        {
            file: 'client/server/Dispatcher.ts',
            from: `call.retries >= this.server.options.retries`,
            to: `call.retries > this.server.options.retries`,
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
            from: `if (epoch !== undefined && epoch !== server?.epoch)`,
            to: `if (epoch === null)`,
        },
    ],
    'drop the last chunk of a batch': [
        {
            file: 'client/BatchPart.ts',
            from: `return this.from < this.positions.length;`,
            to: `return this.from === 0 && this.positions.length > 0;`,
        },
    ],
    'reuse a buffer that the kernel has not accepted': [
        {
            file: 'client/channel/Channel.ts',
            from: `if (socket.writableLength === 0)`,
            to: `if (socket.writableLength >= 0)`,
        },
    ],
    'count a failed call twice': [
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
    'expire calls before reading their replies': [
        {
            file: 'client/calls/Deadlines.ts',
            from: `this.look(0, nowMs + (nowMs - this.firesAt));`,
            to: `this.expireDue();`,
        },
    ],
    'return a load that lost its lease': [
        {
            file: 'cache/load/PendingLoad.ts',
            from: `return this.hasValue && (held === undefined || this.lease === null || this.lease.isShownBy(held));`,
            to: `return this.hasValue;`,
        },
    ],
    'queue writes behind a pending add': [
        {
            file: 'cache/AtomicVerbs.ts',
            from: `engine.writes.send(fullKey, encoded,`,
            to: `engine.writes.send(fullKey, Promise.resolve(encoded),`,
        },
        {
            file: 'cache/engine/WriteOrder.ts',
            from: `const step = async (): Promise<void> => resolve(write(await prepare()));`,
            to: `const step = async (): Promise<void> => {
            const done = write(await prepare());
            resolve(done);
            await done.catch(() => {});
        };`,
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
            from: `if (loads.size > 0) loads.delete(fullKey);`,
            to: `if (loads.size < 0) loads.delete(fullKey);`,
        },
    ],
    'join no load while memcached is unavailable': [
        {
            file: 'cache/load/LoadThrough.ts',
            from: `const canJoin = load !== undefined && (`,
            to: `const canJoin = load !== undefined && miss.held !== undefined && (`,
        },
    ],
    'store a loaded value late': [
        {
            file: 'cache/load/PendingLoad.ts',
            from: `if (this.lease !== null) this.storing = store(this.lease);`,
            to: `const { lease } = this;
        if (lease !== null) this.storing = new Promise(resolve => setTimeout(resolve, 50)).then(() => store(lease));`,
        },
    ],
    'load without a lease': [
        {
            file: 'cache/load/LoadThrough.ts',
            from: `if (miss.held !== undefined && this.stops === 0)`,
            to: `if (miss.held === null && this.stops > 0)`,
        },
    ],
    'return a stale value as fresh': [
        {
            file: 'cache/values/staleEnvelope.ts',
            from: `return Date.now() < freshUntilMs(held) ? unwrap(held) : null;`,
            to: `return unwrap(held);`,
        },
    ],
    'write an update without its CAS': [
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
        { file: 'client/Commands.ts', from: `epoch !== server?.epoch`, to: `false` },
        { file: 'client/calls/storeCalls.ts', from: `if (this.expectsEpoch)`, to: `if (false)` },
    ],
    'start the validity of a lease at its reply': [
        {
            file: 'lock/Lease.ts',
            from: `this.deadline = this.latest = new LeaseDeadline(lock.since, ttlMs);\n    }`,
            to: `this.deadline = this.latest = new LeaseDeadline(new Timestamp(), ttlMs);\n    }`,
        },
    ],
    'trust a lease for twice its ttl': [
        { file: 'lock/LeaseDeadline.ts', from: `const TRUSTED_SHARE = 0.99;`, to: `const TRUSTED_SHARE = 2;` },
    ],
    'store locks without extra seconds': [
        { file: 'lock/LockStore.ts', from: `const EXTRA_SECONDS = 2;`, to: `const EXTRA_SECONDS = 0;` },
    ],
    'store locks with one extra second': [
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
            from: `const reply = await sender.casSet(key, token, cas, { ...this.storeOptions(ttlMs), epoch });`,
            to: `const reply = { outcome: (await sender.store('replace', key, token, this.storeOptions(ttlMs))) ? 'stored' : 'missing', cas };`,
        },
    ],
    'delete orphaned locks without comparing the token': [
        {
            file: 'lock/OrphanedLocks.ts',
            from: `if (!tokens.has(token) || cas === 0n)`,
            to: `if (cas === 0n)`,
        },
    ],
    'leave a timer of a lock running': [
        { file: 'lock/OrphanedLocks.ts', from: `for (const orphan of orphans) this.forget(orphan);`, to: `` },
    ],
    'start work under an expired lease': [
        { file: 'lock/withLock.ts', from: `if (session.isOver || !lease.isHeld())`, to: `if (session.isOver)` },
    ],
    'start work after the close': [
        {
            file: 'lock/LeaseAcquirer.ts',
            from: `if (session.isOver || signal?.aborted) await lease?.[Symbol.asyncDispose]();
        session.check();`,
            to: `if (signal?.aborted) await lease?.[Symbol.asyncDispose]();`,
        },
        { file: 'lock/withLock.ts', from: `if (session.isOver || !lease.isHeld())`, to: `if (!lease.isHeld())` },
    ],
    'leave a rejection unhandled': [
        {
            file: 'cache/BatchVerbs.ts',
            from: `const [kept, failed] = await Promise.all([
                        engine.deleteAll(ready.slice(these.length)),
                        engine.setAll(context, ready.slice(0, these.length), encoded, expires),
                    ]);`,
            to: `const deleting = engine.deleteAll(ready.slice(these.length));
                    const failed = await engine.setAll(context, ready.slice(0, these.length), encoded, expires);
                    const kept = await deleting;`,
        },
    ],
    'leave a timer of a log running': [
        {
            file: 'connect/MemcachedConnection.ts',
            from: `        await client?.close();\n        this.serverLog?.stop();`,
            to: `        await client?.close();`,
        },
    ],
    'forget a lock whose reply is lost': [
        {
            file: 'lock/LockStore.ts',
            from: `for (const token of unanswered.keys()) this.orphans.add(key, token, ttlMs);`,
            to: ``,
        },
    ],
    'treat an orphaned lock as held': [
        {
            file: 'lock/LockStore.ts',
            from: `if (found !== null && !(await this.orphans.deleteFound(key, found))) return null;`,
            to: `if (found !== null) return null;`,
        },
    ],
    'keep the sockets of a removed server until close': [
        {
            file: 'client/cluster/Cluster.ts',
            from: `await server.drained();\n        await server.close();\n        this.leaving.delete(server);`,
            to: `await server.drained();`,
        },
    ],
    'reject the pending calls of a removed server': [
        {
            file: 'client/cluster/Cluster.ts',
            from: `await Promise.allSettled(this.batches);\n        await server.drained();\n        await server.close();`,
            to: `await server.close();`,
        },
    ],
    'fail every key of a batch when one server fails': [
        {
            file: 'client/KeyBatch.ts',
            from: `for (const key of chunk.keys) this.failed.set(key, error as Error);`,
            to: `for (const key of this.keys) this.failed.set(key, error as Error);`,
        },
    ],
    'send the calls of a turn in reverse': [
        {
            file: 'client/server/CallQueue.ts',
            from: `for (const call of this.entering) {
            if (call.settled) continue;`,
            to: `for (const call of this.entering.reverse()) {
            if (call.settled) continue;`,
        },
    ],
    'spread the calls of a turn over the sockets': [
        {
            file: 'client/server/Dispatcher.ts',
            from: `channel = pool.channelFor(channel);`,
            to: `channel = pool.leastLoaded();`,
        },
    ],
    'send the rest of a batch by the new list': [
        {
            file: 'client/KeyBatch.ts',
            from: `await server.send(call, this.isInternal);`,
            to: `await this.cluster.server(chunk.keys[0]!).send(call, this.isInternal);`,
        },
    ],
    'compare the CAS of a lease on the new server': [
        {
            file: 'cache/load/LoadLease.ts',
            from: `before, token, { cas, epoch: server.epoch });`,
            to: `before, token, { cas, epoch: commands.cluster.server(key).epoch });`,
        },
    ],
    'compare the CAS of a lock on the new server': [
        {
            file: 'lock/LockStore.ts',
            from: `if (cas !== null) return storedLock(token, cas, server, since);`,
            to: `if (cas !== null) return storedLock(token, cas, commands.cluster.homeServer(key), since);`,
        },
    ],
    'fetch the token from a removed server': [
        {
            file: 'cache/keys/NamespaceTokens.ts',
            from: `if (this.commands.cluster.servers.includes(server)) throw error;`,
            to: `if (server !== null) throw error;`,
        },
    ],
    'stop polling discovery after a failure': [
        {
            file: 'connect/discovery/ServerList.ts',
            from: `if (!this.stopping.signal.aborted) this.reportFailure(source, error);`,
            to: `source.stop();`,
        },
    ],
    'wait for discovery without a timeout': [
        {
            file: 'connect/discovery/lookUpInTime.ts',
            from: `return await limit.race(lookUp(controller.signal));`,
            to: `return await lookUp(controller.signal);`,
        },
    ],
    'fail over without the option': [
        { file: 'client/cluster/ServerSet.ts', from: `if (options.failover) this.isUsable`, to: `this.isUsable` },
    ],
    'never return to a recovered server': [
        {
            file: 'client/server/CircuitBreaker.ts',
            from: `this.lastFault = null;\n        this.isDown = false;`,
            to: `this.lastFault = null;`,
        },
    ],
    'make an old token again': [
        {
            file: 'cache/keys/NamespaceTokens.ts',
            from: `const token = randomBytes(RANDOM_BYTES).toString('base64url');`,
            to: `const token = randomBytes(1).toString('hex').padEnd(8, '0');`,
        },
    ],
    'accept unconfirmed replies': [
        {
            file: 'client/calls/Namespace.ts',
            from: `return reply.outcome === Outcome.OK && reply.valueEquals(key, start, start + TOKEN_CHARS);`,
            to: `return reply.outcome !== Outcome.OK || !reply.valueEquals(key, start, start);`,
        },
    ],
    'count each lookup twice': [
        {
            file: 'cache/engine/CacheEngine.ts',
            from: `this.metrics.onLookup(value !== null);`,
            to: `this.metrics.onLookup(value !== null);\n        this.metrics.onLookup(value !== null);`,
        },
    ],
    'count failed stores of a batch as stored': [
        {
            file: 'cache/engine/CacheEngine.ts',
            from: `this.metrics.count('stored', entries.length - failed.size);`,
            to: `this.metrics.count('stored', entries.length);`,
        },
    ],
    'count the release of a lost lock': [
        {
            file: 'lock/Lease.ts',
            from: `if (wasHeld) this.owner.metrics.count('released');`,
            to: `this.owner.metrics.count('released');`,
        },
    ],
    'keep a lock acquired after the session closed': [
        {
            file: 'lock/LeaseAcquirer.ts',
            from: `if (session.isOver || signal?.aborted) await lease?.[Symbol.asyncDispose]();`,
            to: ``,
        },
    ],
    'count every key of a batch as a miss': [
        {
            file: 'client/calls/batchCalls.ts',
            from: `this.retries === 0 ? this.keys.length - this.answeredKeys :`,
            to: `this.retries === 0 ? this.keys.length :`,
        },
    ],
    'treat an invalid key as a miss': [
        {
            file: 'client/model/errors.ts',
            from: `const UNAVAILABLE = new Set([`,
            to: `const UNAVAILABLE = new Set(['INVALID_KEY', `,
        },
    ],
    'fall back when memcached rejects a value': [
        {
            file: 'cache/engine/CacheEngine.ts',
            from: `if (!this.options.failSoft || !isUnavailable(error)) throw this.reject(context, error);`,
            to: `if (!this.options.failSoft) throw this.reject(context, error);`,
        },
    ],
    'fall back in a conditional store': [
        {
            file: 'cache/engine/CacheEngine.ts',
            from: `            throw this.reject(context, error);`,
            to: `            return this.fallback(context, error, false as T);`,
        },
    ],
    'fail a batch despite fail_soft': [
        {
            file: 'cache/BatchVerbs.ts',
            from: `if (engine.options.failSoft && isUnavailable(error))`,
            to: `if (isUnavailable(undefined))`,
        },
    ],
    'fetch the token before validating the key': [
        {
            file: 'cache/keys/Keyspace.ts',
            from: `this.check(fullKey);\n        return tokens.fetch(key);`,
            to: `return tokens.fetch(key);`,
        },
    ],
    'grant a lock without CAS': [
        {
            file: 'lock/LockStore.ts',
            from: `if (cas === 0n) await this.rejectWithoutCas(commands, server, key);`,
            to: ``,
        },
    ],
    'keep a lock rejected for lack of CAS': [
        {
            file: 'lock/LockStore.ts',
            from: `if (commands.cluster.server(key) === server) await commands.internal.delete(key).catch(() => {});`,
            to: ``,
        },
    ],
    'update on a server without CAS': [
        {
            file: 'cache/UpdateVerbs.ts',
            from: `if (item.cas === 0n) throw casDisabled(address);`,
            to: `void address; void casDisabled;`,
        },
        {
            file: 'cache/UpdateVerbs.ts',
            from: `(await commands.casSet(fullKey, bytes, item.cas, { expires, flags, epoch })).outcome === 'stored'`,
            to: `item.cas === 0n
                  ? await commands.store('set', fullKey, bytes, { expires, flags })
                  : (await commands.casSet(fullKey, bytes, item.cas, { expires, flags, epoch })).outcome === 'stored'`,
        },
    ],
    'evict without comparing the CAS': [
        {
            file: 'cache/keys/TrackedKeys.ts',
            from: `if (casHigh === 0 && casLow === 0) return this.forget(entry);`,
            to: ``,
        },
    ],
    'evict the value of another instance': [
        {
            file: 'client/calls/storeCalls.ts',
            from: `writer.compareAndDelete(opaque, evicted.key, evicted.casHigh, evicted.casLow, true);`,
            to: `writer.delete(opaque, evicted.key, true);`,
        },
    ],
    'report CAS on a server without CAS': [
        {
            file: 'client/server/ServerHealthReport.ts',
            from: `if (text === 'yes') return true;`,
            to: `if (text !== undefined) return true;`,
        },
    ],
    'fall back on a wrong password': [
        {
            file: 'client/model/errors.ts',
            from: `const UNAVAILABLE = new Set([`,
            to: `const UNAVAILABLE = new Set(['AUTH_FAILED', `,
        },
    ],
    'stop connecting after a wrong password': [
        {
            file: 'client/server/ChannelPool.ts',
            from: `if (breaker.needsProbe) breaker.scheduleRetry(() => this.open());`,
            to: `if (breaker.needsProbe && !breaker.hasRejectedLogin) breaker.scheduleRetry(() => this.open());`,
        },
    ],
    'include the password in an error': [
        {
            file: 'client/calls/HandshakeCall.ts',
            from: `return isOk ? null : loginWrong(address);`,
            to: `return isOk ? null : loginWrong(address + login!.password);`,
        },
    ],
    'keep an aborted caller waiting': [
        {
            file: 'cache/load/LoadThrough.ts',
            from: `return signal ? untilAborted(signal, () => this.find(request)) : this.find(request);`,
            to: `return this.find(request);`,
        },
    ],
    'keep loading after every caller aborted': [
        {
            file: 'cache/load/PendingLoad.ts',
            from: `if (this.listeners === 0 && !this.isBackground) this.abort(signal.reason);`,
            to: ``,
        },
    ],
    'give up on a busy lock early': [
        {
            file: 'lock/LeaseAcquirer.ts',
            from: `if (waitedMs >= timeoutMs) throw`,
            to: `if (waitedMs >= timeoutMs - 60) throw`,
        },
    ],
    'keep waiting for a lock after the abort': [
        {
            file: 'lock/LeaseAcquirer.ts',
            from: `begunMs + timeoutMs, signal);`,
            to: `begunMs + timeoutMs, undefined);`,
        },
        {
            file: 'lock/LeaseAcquirer.ts',
            from: `waiter.lineLength));\n                    signal?.throwIfAborted();`,
            to: `waiter.lineLength));`,
        },
        {
            file: 'lock/LeaseAcquirer.ts',
            from: `        session.check();\n        signal?.throwIfAborted();\n        return lease;`,
            to: `        session.check();\n        return lease;`,
        },
    ],
    'store a value beyond max_expiration': [
        {
            file: 'cache/engine/CacheEngine.ts',
            from: `return toExpirySeconds(options.maxExpiration);`,
            to: `return toExpirySeconds(ms);`,
        },
    ],
    'take an overwritten store for a failed one': [
        {
            file: 'client/protocol/meta/StorePair.ts',
            from: `reply.outcome = Outcome.OK;\n            reply.casHigh = high32(OVERWRITTEN_CAS);`,
            to: `reply.outcome = reply.outcome === Outcome.OK ? Outcome.EXISTS : Outcome.NOT_FOUND;`,
        },
    ],
    'trust any value that is read back': [
        {
            file: 'client/protocol/meta/StorePair.ts',
            from: `!hasValue(reply, sent)`,
            to: `!hasValue(reply, sent) && sent === null`,
        },
    ],
    'ignore the opaque of a meta reply': [
        {
            file: 'client/protocol/meta/LineReader.ts',
            from: `if (((b[at + 1]! << 8) | b[at + 2]!) !== tokenOf(this.expected.opaque)) return NO_META_LINE;`,
            to: `void tokenOf;`,
        },
    ],
    'send calls before the handshake': [
        {
            file: 'client/channel/Channel.ts',
            from: `        this.add(handshake);
        this.flush();`,
            to: `        this.add(handshake);
        this.flush();
        this.beReady({ protocol: this.protocol.name, version: '', isProxy: false });`,
        },
    ],
    'give up after the first protocol': [
        {
            file: 'client/server/Negotiation.ts',
            from: `        this.refusal = { protocol, fault };
`,
            to: `        if (!isHung) return fault;
`,
        },
    ],
    'keep the protocol of a server for good': [
        {
            file: 'client/server/Negotiation.ts',
            from: `if (choices.length === 1 ||`,
            to: `if (choices.length === 1 || remembered !== null ||`,
        },
        {
            file: 'client/server/Negotiation.ts',
            from: `    forget(): void {
        this.remembered = null;`,
            to: `    forget(): void {`,
        },
    ],
};

module.exports = bugs;
