// The same types under require.
import sergo = require('sergo');
import http = require('sergo/http');

const engine = new sergo.Engine({ app: 'foo-app' });
const handler = http.govern(engine, (_request, response) => response.end());
console.log(engine.figures().resources[0]?.inFlight, handler.length);
