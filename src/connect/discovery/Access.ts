import type { CredentialParams } from 'pip-services4-config-node';
import type { Login, ServerAddress } from '../../client/model/ServerAddress';
import type { TlsSettings } from '../tls/TlsSettings';
import type { Place } from './Place';

/** The credential of a connection, for its servers and for the sources that need one. */
export class Access {
    constructor(
        readonly credential: CredentialParams,
        readonly tls: TlsSettings,
        private readonly login: Login | undefined,
    ) {}

    /**
     * Returns the address of a server, with its login and its TLS settings.
     * @throws ConfigException NO_CREDENTIAL, INVALID_CREDENTIAL for the files of TLS
     */
    addressOf({ isTls, login, ...place }: Place): ServerAddress {
        return { ...place, login: login ?? this.login, tls: isTls ? this.tls.toOptions(place.host) : undefined };
    }
}
