export { ConnectionParams } from './connect/ConnectionParams';
export { ConnectionResolver } from './connect/ConnectionResolver';
export type { IDiscovery } from './connect/IDiscovery';
export { MemoryDiscovery } from './connect/MemoryDiscovery';
