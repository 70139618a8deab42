import { isIP, type Socket } from 'node:net';
import { TLSSocket, type PeerCertificate } from 'node:tls';

/**
 * The two sides do not accept each other: a certificate, or what the handshake asks for. Trying again at once would change nothing; a
 * certificate that is replaced would.
 */
export class HandshakeRejectedError extends Error {}

/** The server has closed the connection: it carries out nothing more of what was sent on it. */
export class ClosedByServerError extends Error {}

/** The server's certificate is signed by nobody we trust. */
const UNTRUSTED_CERTIFICATE = new Set([
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

/** What OpenSSL calls bytes that are no TLS. */
const NOT_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);

/** What servers say of our certificate, or of what we offer: they will say it again. */
const REFUSAL = /CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNRECOGNIZED_NAME/;

/** What Node's and OpenSSL's errors carry. */
interface SocketError extends Error {
    readonly code?: string;
    readonly reason?: string;
    readonly host?: string;
    readonly cert?: PeerCertificate;
    /** One for each address of a name, when none of them answers. */
    readonly errors?: readonly Error[];
}

/** How far a connection has come. With TLS 1.3 the server may refuse us when it is connected already, until something has been answered. */
export type Stage = 'connecting' | 'unanswered' | 'answered';

/** An error of a socket in words that say what is to be done. */
export function describeSocketError(fault: SocketError, socket: Socket, stage: Stage): Error {
    const { code = '', errors } = fault;
    // Then it has no message of its own.
    if (errors !== undefined) return new Error(errors.map(({ message }) => message).join(', '));
    const isFresh = stage !== 'answered';
    if (code === 'ECONNRESET' || code === 'EPIPE')
        return new ClosedByServerError(`${fault.message}${hint(socket, stage)}`);
    if (!(socket instanceof TLSSocket)) return fault;
    // Set by Node's look at the certificate, and by nothing else. Where certificates are not verified it is set all the same, and nothing comes of it.
    if (stage === 'connecting' && (socket.authorizationError as unknown))
        return new HandshakeRejectedError(describeCertificateError(fault));
    const reason = fault.reason ?? fault.message;
    if (NOT_TLS.has(code)) return new Error(`it does not answer in TLS (${reason})`);
    // `ERR_SSL_SSLV3_ALERT_…`, with OpenSSL 3.5 `ERR_SSL_SSL/TLS_ALERT_…`.
    const [, alert] = /^ERR_SSL_[\w/]*ALERT_(\w+)$/.exec(code) ?? [];
    if (isFresh && alert !== undefined && REFUSAL.test(alert))
        return new HandshakeRejectedError(describeAlert(alert, reason));
    if (code.startsWith('ERR_SSL_')) return new Error(`TLS failed (${reason})`);
    return fault;
}

/** The server has closed the connection, and said nothing. */
export function closedByServerError(socket: Socket, stage: Stage): Error {
    return new ClosedByServerError(`the server closed the connection${hint(socket, stage)}`);
}

/** What a connection was waiting for when its time was up. */
export function timeoutError(socket: Socket, stage: Stage, hasLogin: boolean, timeoutMs: number): Error {
    if (socket.connecting) return new Error(`no connection within ${timeoutMs} ms`);
    if (stage === 'unanswered')
        return new Error(`no answer to the ${hasLogin ? 'login' : 'first request'} within ${timeoutMs} ms`);
    return new Error(`no TLS handshake within ${timeoutMs} ms: does the server speak TLS?`);
}

function hint(socket: Socket, stage: Stage): string {
    if (stage === 'answered') return '';
    if (!(socket instanceof TLSSocket))
        return ' before it had answered anything: does it speak only TLS, or only the text protocol?';
    if (stage === 'connecting') return ' in the TLS handshake: does it speak TLS?';
    return ' before it had answered anything: does it ask for a certificate of ours?';
}

function describeCertificateError({ code = '', message, host = '', cert }: SocketError): string {
    if (UNTRUSTED_CERTIFICATE.has(code)) return `no authority that we trust has signed its certificate (${message})`;
    if (code !== 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is refused: ${message}`;
    const names = cert?.subjectaltname?.replace(/DNS:|IP Address:/g, '') ?? String(cert?.subject.CN ?? 'nobody');
    return `its certificate is for ${names}, not for ${isIP(host) ? 'the address ' : ''}${host}`;
}

function describeAlert(alert: string, reason: string): string {
    if (alert === 'CERTIFICATE_REQUIRED') return `it asks for a certificate of ours (${reason})`;
    // TLS 1.2 has no word for a certificate that is missing.
    if (alert === 'HANDSHAKE_FAILURE') {
        return `it refuses the TLS handshake (${reason}): it may ask for a certificate of ours, or know none of our ciphers`;
    }
    if (/CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/.test(alert)) return `it refuses our certificate (${reason})`;
    return `it refuses the TLS handshake (${reason})`;
}
