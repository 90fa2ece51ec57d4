/*
 * Calls Sallyport with one of the real service's clients.
 *
 *   node call.js < order        {"client", "endpoint": "127.0.0.1:9080", "key", "secret", "region",
 *                                "calls": [{"action", "version", "method", "place", "parameters"}]}
 *
 * Answers one JSON object a call, a line each: {"answer": ...} or {"error": {"code", "message", "data"}}.
 * place: "body" (the default) or "query". The modules are found through NODE_PATH.
 */
'use strict';

const clients = {
	'openapi-client': openapi('@alicloud/openapi-client', '@alicloud/tea-util'),
	'openapi-client-v2': openapi('@alicloud/openapi-client', '@alicloud/tea-util', 'v2'),
	'openapi-core': core,
	'pop-core': pop,
	'rpc-client': rpc,
	'cas20200407': cas,
};

function parameters(Params, call) {
	return new Params({
		action: call.action, version: call.version, protocol: 'HTTP', pathname: '/',
		method: call.method || 'POST', authType: 'AK', style: 'RPC',
		reqBodyType: 'formData', bodyType: 'json',
	});
}

function openapi(name, utilities, signatureAlgorithm) {
	return async (order, call) => {
		const { default: Client, Config, OpenApiRequest, Params } = require(name);
		const { RuntimeOptions } = require(utilities);
		const util = require('@alicloud/openapi-util').default;
		const client = new Client(new Config({
			accessKeyId: order.key, accessKeySecret: order.secret,
			endpoint: order.endpoint, protocol: 'HTTP', regionId: order.region,
			signatureAlgorithm,
		}));
		const flat = util.query(call.parameters);
		const request = new OpenApiRequest(call.place === 'query' ? { query: flat }
									  : { body: flat });
		const reply = await client.callApi(parameters(Params, call), request,
						   new RuntimeOptions({}));
		return reply.body;
	};
}

async function core(order, call) {
	const { $OpenApiUtil, default: Client, OpenApiUtil } = require('@alicloud/openapi-core');
	const { RuntimeOptions } = require('@darabonba/typescript');
	const client = new Client(new $OpenApiUtil.Config({
		accessKeyId: order.key, accessKeySecret: order.secret, endpoint: order.endpoint,
		protocol: 'HTTP', regionId: order.region,
	}));
	const flat = OpenApiUtil.query(call.parameters);
	const request = new $OpenApiUtil.OpenApiRequest(call.place === 'query' ? { query: flat }
									       : { body: flat });
	const reply = await client.callApi(parameters($OpenApiUtil.Params, call), request,
					   new RuntimeOptions({}));
	return reply.body;
}

async function pop(order, call) {
	const { RPCClient } = require('@alicloud/pop-core');
	const client = new RPCClient({
		accessKeyId: order.key, accessKeySecret: order.secret,
		endpoint: `http://${order.endpoint}`, apiVersion: call.version,
	});
	return client.request(call.action, call.parameters,
			      { method: call.method || 'POST', timeout: 20000 });
}

async function rpc(order, call) {
	const { default: Client, Config } = require('@alicloud/rpc-client');
	const { RuntimeOptions } = require('@alicloud/tea-util');
	const client = new Client(new Config({
		accessKeyId: order.key, accessKeySecret: order.secret, endpoint: order.endpoint,
		protocol: 'http', regionId: order.region, type: 'access_key',
	}));
	const inQuery = call.place === 'query';
	return client.doRequest(call.action, 'http', call.method || 'POST', call.version, 'AK',
				inQuery ? call.parameters : null, inQuery ? {} : call.parameters,
				new RuntimeOptions({ readTimeout: 20000, connectTimeout: 20000 }));
}

/* The typed client: the action is a method, the request a class. */
async function cas(order, call) {
	const module_ = require('@alicloud/cas20200407');
	const { Config } = require('@alicloud/openapi-core').$OpenApiUtil;
	const client = new module_.default(new Config({
		accessKeyId: order.key, accessKeySecret: order.secret, endpoint: order.endpoint,
		protocol: 'HTTP', regionId: order.region,
	}));
	const method = call.action[0].toLowerCase() + call.action.slice(1);
	const request = new module_[`${call.action}Request`](call.parameters);
	const reply = await client[method](request);
	return reply.body.toMap();
}

function failure(error) {
	return { code: error.code, message: error.message, data: error.data, name: error.name };
}

async function main() {
	let text = '';
	for await (const chunk of process.stdin)
		text += chunk;
	const order = JSON.parse(text);
	for (const call of order.calls) {
		let line;
		try {
			line = { answer: await clients[order.client](order, call) };
		} catch (error) {
			line = { error: failure(error) };
		}
		process.stdout.write(`${JSON.stringify(line)}\n`);
	}
}

main();
