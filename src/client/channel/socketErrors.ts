import { isIP, type Socket } from 'node:net';
import { TLSSocket, type PeerCertificate } from 'node:tls';

/**
 * The error of a client or server that rejects the certificate or TLS settings of the other side. A
 * new attempt at once would fail too. A replaced certificate may help.
 */
export class HandshakeRejectedError extends Error {}

/** The fault of a connection that the server has closed. The server executes no more of it. */
export class ClosedByServerError extends Error {}

/** The error of a server that does not answer the first request of a connection. */
export class NoReplyError extends Error {}

/** The codes for a certificate that no trusted authority has signed. */
const UNTRUSTED_CERTIFICATE = new Set([
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

/** OpenSSL's codes for bytes that are not TLS. */
const NOT_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);

/** Alerts about the client's certificate or settings. A new attempt gets the same alert. */
const REJECTION = /CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNRECOGNIZED_NAME/;

/** The fields of Node's and OpenSSL's errors. */
interface SocketError extends Error {
    readonly code?: string;
    readonly reason?: string;
    readonly host?: string;
    readonly cert?: PeerCertificate;
    /** The errors of the addresses of a name, if none of them answers. */
    readonly errors?: readonly Error[];
}

/** The progress of a connection. With TLS 1.3 a server can reject an established connection. */
export type Stage = 'connecting' | 'unanswered' | 'answered';

/** Returns an error whose message advises a check. */
export function describeSocketError(fault: SocketError, socket: Socket, stage: Stage): Error {
    const { code = '', errors } = fault;
    // An AggregateError has no message of its own.
    if (errors !== undefined) return new Error(errors.map(({ message }) => message).join(', '));
    if (code === 'ECONNRESET' || code === 'EPIPE') {
        // A server that rejects the first bytes closes or resets the connection.
        if (stage !== 'answered') return closedByServerError(socket, stage);
        return new ClosedByServerError(fault.message);
    }
    if (!(socket instanceof TLSSocket)) return fault;
    // Node sets this error, but rejects the certificate only if the options say so.
    if (stage === 'connecting' && (socket.authorizationError as unknown))
        return new HandshakeRejectedError(describeCertificateError(fault));
    const reason = fault.reason ?? fault.message;
    if (NOT_TLS.has(code)) return new Error(`the server does not speak TLS (${reason}), or has too many connections`);
    // `ERR_SSL_SSLV3_ALERT_…`, with OpenSSL 3.5 `ERR_SSL_SSL/TLS_ALERT_…`.
    const [, alert] = /^ERR_SSL_[\w/]*ALERT_(\w+)$/.exec(code) ?? [];
    if (stage !== 'answered' && alert !== undefined && REJECTION.test(alert))
        return new HandshakeRejectedError(describeAlert(alert, reason));
    return code.startsWith('ERR_SSL_') ? new Error(`TLS failed: ${reason}`) : fault;
}

export function closedByServerError(socket: Socket, stage: Stage): Error {
    return new ClosedByServerError(`the server closed the connection${hint(socket, stage)}`);
}

/** Returns the error of a timeout, which names the step that has not ended in time. */
export function timeoutError(
    socket: Socket,
    stage: Stage,
    hasLogin: boolean,
    { connectTimeoutMs, requestTimeoutMs }: { connectTimeoutMs: number; requestTimeoutMs: number },
): Error {
    if (socket.connecting) return new Error(`no connection within ${connectTimeoutMs} ms`);
    if (stage === 'connecting')
        return new Error(`no TLS handshake within ${connectTimeoutMs} ms (does the server speak TLS?)`);
    const limitMs = Math.min(connectTimeoutMs, requestTimeoutMs);
    return new NoReplyError(`no reply to the ${hasLogin ? 'login' : 'first request'} within ${limitMs} ms`);
}

function hint(socket: Socket, stage: Stage): string {
    if (stage === 'answered') return '';
    if (!(socket instanceof TLSSocket)) return ' before the first reply (does the server speak only TLS?)';
    if (stage === 'connecting') return ' in the TLS handshake (does the server speak TLS?)';
    return ' before the first reply (does the server require a client certificate?)';
}

function describeCertificateError({ code = '', message, host = '', cert }: SocketError): string {
    if (UNTRUSTED_CERTIFICATE.has(code)) return `no trusted authority has signed the server certificate (${message})`;
    if (code !== 'ERR_TLS_CERT_ALTNAME_INVALID') return `invalid server certificate: ${message}`;
    const names = cert?.subjectaltname?.replace(/DNS:|IP Address:/g, '') ?? String(cert?.subject.CN ?? 'no name');
    return `the server certificate is for ${names}, not for ${isIP(host) ? 'the address ' : ''}${host}`;
}

function describeAlert(alert: string, reason: string): string {
    if (alert === 'CERTIFICATE_REQUIRED') return `the server requires a client certificate (${reason})`;
    if (/CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/.test(alert))
        return `the server rejected the client certificate (${reason})`;
    // TLS 1.2 has no alert for a missing certificate.
    const advice =
        alert === 'HANDSHAKE_FAILURE' ? ': the server may require a client certificate, or other ciphers' : '';
    return `the server rejected the TLS handshake (${reason})${advice}`;
}
