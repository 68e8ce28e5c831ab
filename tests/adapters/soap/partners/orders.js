// A service in another language: npm's soap, with a user token that it checks.  node orders.js WSDL
const fs = require("fs");
const http = require("http");
const soap = require("soap");

const known = new Map();
const port = {
  SubmitOrder(order) {
    if (order.Number === "wrong") {
      throw { Fault: { faultcode: "soap:Client", faultstring: "no such buyer", statusCode: 500 } };
    }
    const repeated = known.has(order.Number);
    known.set(order.Number, order.Buyer);
    return { Number: order.Number, Repeated: repeated };
  },
  GetStock() {
    return { Stock: [{ Item: "4000000000013", Quantity: "120" }] };
  },
};
const wsdl = fs.readFileSync(process.argv[2], "utf8");
const web = http.createServer((request, response) => response.end("404"));
web.listen(0, "127.0.0.1", () => {
  const server = soap.listen(web, "/purchasing", { PurchasingService: { Soap11: port, Soap12: port } }, wsdl);
  server.authenticate = (security) => {
    const token = security && security.UsernameToken;
    if (!token) return false;
    const password = token.Password.$value || token.Password;
    if (!token.Nonce) return token.Username === "bolt" && password === "secret";
    const nonce = Buffer.from(token.Nonce.$value || token.Nonce, "base64");
    const digest = require("crypto").createHash("sha1").update(nonce).update(token.Created + "secret").digest("base64");
    return token.Username === "bolt" && (password === digest || password === "secret");
  };
  console.log(web.address().port);
});
