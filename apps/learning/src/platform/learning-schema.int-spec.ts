import { describeTables } from '@support101/service-testing';
import { addArticle, definition, prepare } from '../../test/engines.js';

describeTables({
  definition,
  prepare,
  filled: ['articles', 'passages', 'postings', 'knowledge_revisions'],
  fill: (prepared, tenantId) => addArticle(prepared, tenantId, {}),
});
