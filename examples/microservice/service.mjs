// One instance of the service. Start it with
//
//   MEMCACHED_URI=memcached://localhost:11211 MEMCACHED_PROTOCOL=auto DISCOVERY_INTERVAL=30000 \
//       HTTP_PORT=8080 node examples/microservice/service.mjs
import './asInstalled.cjs';
import { ProcessContainer } from 'pip-services3-container-nodex';
import { DefaultConfigFactory } from 'pip-services4-memcached-node/framework';
import { fileURLToPath } from 'node:url';
import { MicroserviceFactory } from './MicroserviceFactory.mjs';

class Microservice extends ProcessContainer {
    constructor() {
        super('products', 'A product catalogue behind memcached');
        this._configPath = fileURLToPath(new URL('config.yml', import.meta.url));
        // Unlike the discovery of a container of version 3, this one reads its configuration.
        this.addFactory(/** @type {any} */ (new DefaultConfigFactory()));
        this.addFactory(/** @type {any} */ (new MicroserviceFactory()));
    }
}

const service = new Microservice();
service.run(process.argv);

// The container handles SIGINT only, and orchestrators send SIGTERM.
process.once('SIGTERM', () => void service.close('products').finally(() => process.exit(0)));
// The parent process is gone, so this process must end itself.
process.once('disconnect', () => process.exit(0));
