// A caller in another language: npm's soap, which signs.  node client.js WSDL URL 1.1|1.2 NUMBER CERTIFICATE KEY
const fs = require("fs");
const soap = require("soap");

const [wsdl, url, version, number, certificate, key] = process.argv.slice(2);
const order = { Number: number, Buyer: "ü & <", Line: [{ attributes: { number: 1 }, Item: "A", Quantity: "5" }] };
const options = { endpoint: url, forceSoap12Headers: version === "1.2" };
soap.createClientAsync(wsdl, options, url).then(async (client) => {
  client.setSecurity(new soap.WSSecurityCert(fs.readFileSync(key), fs.readFileSync(certificate), ""));
  const called = client.PurchasingService[version === "1.2" ? "Soap12" : "Soap11"].SubmitOrder;
  called(order, (error, result) => {
    if (error) console.log(JSON.stringify({ fault: error.body || String(error) }));
    else console.log(JSON.stringify({ number: result.Number, repeated: result.Repeated }));
  });
});
