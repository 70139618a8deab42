/** The memcached of the user, which the demo neither finds by name nor kills. */
export class GivenMemcached {
    /** @param {{ host: string, port: number }} server */
    constructor({ host, port }) {
        this.direct = { host, port };
        this.address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
        this.uri = `memcached://${this.address}`;
    }

    get servers() {
        return [{ ...this.direct, name: 'memcached', address: this.address, pid: null }];
    }

    async end() {}
}
