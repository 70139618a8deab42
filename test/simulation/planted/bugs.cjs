/**
 * Bugs that the simulation must find: each replaces a text of a compiled source.
 * @typedef {{ file: string, from: string, to: string }} Edit
 * @type {Record<string, readonly Edit[]>}
 */
const bugs = {
    'retry an ADD': [
        {
            file: 'client/storeCalls.ts',
            from: `this.retry = opcode === protocol_1.Opcode.ADD ? 'never' : 'afterClose';`,
            to: `this.retry = 'afterClose';`,
        },
    ],
    'retry a counter': [{ file: 'client/CounterCall.ts', from: `retry = 'never';`, to: `retry = 'always';` }],
    'retry a SET that may still be carried out': [
        {
            file: 'client/storeCalls.ts',
            from: `this.retry = opcode === protocol_1.Opcode.ADD ? 'never' : 'afterClose';`,
            to: `this.retry = opcode === protocol_1.Opcode.ADD ? 'never' : 'always';`,
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
            from: `deadlines.add(call, call.deadlineMs === 0 ? deadlineMs : call.deadlineMs);`,
            to: `if (call === this.turn[0]) deadlines.add(call, call.deadlineMs === 0 ? deadlineMs : call.deadlineMs);`,
        },
    ],
    'reuse a channel after a fault': [
        {
            file: 'client/Channel.ts',
            from: `if (this.wrongReply !== null)`,
            to: `if (this.wrongReply !== null && Math.random() < 0)`,
        },
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
    'send a call that has settled': [
        {
            file: 'client/CallQueue.ts',
            from: `if (call.settled)\n                this.leave(call);\n            else if`,
            to: `if`,
        },
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
};

module.exports = bugs;
