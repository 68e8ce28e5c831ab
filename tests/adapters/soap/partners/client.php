<?php
// A client in another language: PHP's own SOAP client, with the WSDL that our address gives away.
ini_set('soap.wsdl_cache_enabled', '0');
[, $wsdl, $version, $number, $password] = $argv;
$wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
$token = "<w:Security xmlns:w=\"$wsse\"><w:UsernameToken><w:Username>acme</w:Username>"
    . "<w:Password>$password</w:Password></w:UsernameToken></w:Security>";
$header = new SoapHeader($wsse, 'Security', new SoapVar($token, XSD_ANYXML), true);
$client = new SoapClient($wsdl, ['soap_version' => $version === '1.2' ? SOAP_1_2 : SOAP_1_1, 'exceptions' => true]);
$client->__setSoapHeaders([$header]);
try {
    $line = ['number' => 1, 'Item' => 'A', 'Quantity' => '5'];
    $answer = $client->SubmitOrder(['Number' => $number, 'Buyer' => 'ü & <', 'Line' => [$line]]);
    echo json_encode(['number' => $answer->Number, 'repeated' => $answer->Repeated]);
} catch (SoapFault $fault) {
    echo json_encode(['fault' => $fault->faultcode, 'reason' => $fault->faultstring]);
}
