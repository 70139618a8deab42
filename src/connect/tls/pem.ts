import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';
import { invalidCredential } from '../../component/errors';

const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const BEGIN = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/**
 * Returns the first certificate of a text. Checks that every certificate is valid.
 * @param key names the file in errors, which never quote its contents
 * @throws ConfigException INVALID_CREDENTIAL
 */
export function parseCertificates(key: string, pem: string): X509Certificate {
    const blocks = pem.match(CERTIFICATE) ?? [];
    if (blocks.length === 0)
        throw invalidCredential(key, 'expected a certificate in PEM (-----BEGIN CERTIFICATE-----)');
    if (blocks.length < pem.match(BEGIN)!.length) throw invalidCredential(key, 'it ends within a certificate');
    const [first] = blocks.map((block, i) => {
        try {
            return new X509Certificate(block);
        } catch {
            throw invalidCredential(key, `certificate ${i + 1} is malformed`);
        }
    });
    return first!;
}

/** Returns a private key. Throws INVALID_CREDENTIAL. */
export function parseKey(key: string, pem: string): KeyObject {
    if (pem.includes('ENCRYPTED')) throw invalidCredential(key, 'encrypted keys are not supported');
    try {
        return createPrivateKey(pem);
    } catch {
        throw invalidCredential(key, 'expected a private key in PEM (-----BEGIN PRIVATE KEY-----)');
    }
}
