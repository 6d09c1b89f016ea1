// Clean: own rules and repository, another capability's service, a package, a contract.
import { Order } from '@support101/contracts/orders';
import { open } from '@support101/database';
import { parcelsOf } from '../parcels/parcels.service.js';
import { shopDatabase } from '../platform/shop-database.js';
import { OrdersRepository } from './orders.repository.js';
import { decide } from './orders.rules.js';

export const OrdersService = { Order, open, parcelsOf, shopDatabase, OrdersRepository, decide };
