import { ClosedByServerError, HandshakeRejectedError, NoReplyError } from '../../../src/client/channel/socketErrors';
import type { ServerIdentity } from '../../../src/client/model/ServerIdentity';
import { binaryProtocol } from '../../../src/client/protocol/binary';
import { metaProtocol } from '../../../src/client/protocol/meta';
import { authFailed, ForeignReplyError } from '../../../src/client/protocol/replyErrors';
import { Negotiation } from '../../../src/client/server/Negotiation';

const foreign = new ForeignReplyError('the server answers in text (ERROR)');
const closed = new ClosedByServerError('the server closed the connection');
const silent = new NoReplyError('no reply to the first request within 1000 ms');
const identity = (name: ServerIdentity['protocol'], isProxy = false): ServerIdentity => ({
    protocol: name,
    version: '1.6.45',
    isProxy,
});

let negotiation: Negotiation;

beforeEach(() => {
    negotiation = new Negotiation('auto');
});

/** Lets the server refuse binary and answer over meta. */
function fallBack(fault: Error, isProxy = false): void {
    expect(negotiation.judge(binaryProtocol, fault, true, false)).toBeNull();
    expect(negotiation.protocol).toBe(metaProtocol);
    negotiation.accept(metaProtocol, identity('meta', isProxy));
}

it('begins with binary, and stays with it once the server has answered', () => {
    expect(negotiation.protocol).toBe(binaryProtocol);
    expect(negotiation.maxAttempts).toBe(2);
    negotiation.accept(binaryProtocol, identity('binary'));
    expect(negotiation.protocol).toBe(binaryProtocol);
    expect(negotiation.maxAttempts).toBe(1);
    expect(negotiation.identity).toEqual(identity('binary'));
});

it.each([foreign, closed, silent])('tries meta at once after "%s", without a fault', fault => {
    expect(negotiation.judge(binaryProtocol, fault, true, false)).toBeNull();
    expect(negotiation.protocol).toBe(metaProtocol);
});

it('remembers meta for a server that answers binary requests in text', () => {
    fallBack(foreign);
    expect(negotiation.protocol).toBe(metaProtocol);
    expect(negotiation.copy().protocol).toBe(metaProtocol);
});

it('remembers meta for a proxy that closes binary connections', () => {
    fallBack(closed, true);
    expect(negotiation.protocol).toBe(metaProtocol);
});

it.each([closed, silent])('asks memcached in binary again after "%s", which its restart explains', fault => {
    fallBack(fault);
    expect(negotiation.protocol).toBe(binaryProtocol);
});

it('reports both reasons when the server refuses both protocols, and begins again', () => {
    expect(negotiation.judge(binaryProtocol, foreign, true, false)).toBeNull();
    expect(negotiation.judge(metaProtocol, closed, true, false)?.message).toBe(
        'neither the binary nor the meta protocol works ' +
            '(binary: the server answers in text (ERROR); meta: the server closed the connection)',
    );
    expect(negotiation.protocol).toBe(binaryProtocol);
});

it('reports one reason for both protocols once', () => {
    negotiation.judge(binaryProtocol, closed, true, false);
    expect(negotiation.judge(metaProtocol, closed, true, false)?.message).toBe(
        'neither the binary nor the meta protocol works: the server closed the connection',
    );
});

it.each([
    ['a rejected login', authFailed('here'), true],
    ['a rejected certificate', new HandshakeRejectedError('certificate'), true],
    ['a reset before TCP or TLS works', closed, false],
    ['another error', new Error('ENOMEM'), true],
])('takes %s for a fault', (_, fault, wasConnected) => {
    expect(negotiation.judge(binaryProtocol, fault, wasConnected, false)).toBe(fault);
    expect(negotiation.protocol).toBe(binaryProtocol);
});

it('reports a rejected login over meta as it is', () => {
    negotiation.judge(binaryProtocol, foreign, true, false);
    const fault = authFailed('here');
    expect(negotiation.judge(metaProtocol, fault, true, false)).toBe(fault);
});

it('detects the protocol again when the server refuses the remembered one', () => {
    fallBack(foreign);
    expect(negotiation.judge(metaProtocol, closed, true, false)).toBeNull();
    expect(negotiation.protocol).toBe(binaryProtocol);
    negotiation.accept(binaryProtocol, identity('binary'));
    expect(negotiation.protocol).toBe(binaryProtocol);
});

it('takes silence for a fault of a server that has spoken the protocol', () => {
    negotiation.accept(binaryProtocol, identity('binary'));
    expect(negotiation.judge(binaryProtocol, silent, true, false)).toBe(silent);
    negotiation.forget();
    expect(negotiation.judge(binaryProtocol, silent, true, false)).toBeNull();
});

it.each([closed, silent])('tries the other protocol with the next probe after "%s" of a server that is down', fault => {
    negotiation.accept(binaryProtocol, identity('binary'));
    expect(negotiation.judge(binaryProtocol, fault, true, true)).toBe(fault);
    expect(negotiation.protocol).toBe(metaProtocol);
    expect(negotiation.judge(metaProtocol, fault, true, true)?.message).toMatch(/^neither/);
    expect(negotiation.protocol).toBe(binaryProtocol);
});

it('tries meta at once when a server that was down answers in text', () => {
    expect(negotiation.judge(binaryProtocol, foreign, true, true)).toBeNull();
});

it.each(['binary', 'meta'] as const)('never leaves %s when the option sets it', mode => {
    negotiation = new Negotiation(mode);
    expect(negotiation.protocol.name).toBe(mode);
    expect(negotiation.judge(negotiation.protocol, foreign, true, false)).toBe(foreign);
    expect(negotiation.protocol.name).toBe(mode);
    expect(negotiation.maxAttempts).toBe(1);
});
