<?php
// A service in another language: PHP's own SOAP server, for `php -S 127.0.0.1:PORT orders.php`.
ini_set('soap.wsdl_cache_enabled', '0');
class Orders {
    public function SubmitOrder($order) {
        if ($order->Number === 'broken') {
            throw new SoapFault('Server', 'the database is away');
        }
        if ($order->Number === 'wrong') {
            throw new SoapFault('Client', 'no such buyer');
        }
        $file = getenv('ORDERS');
        $known = file_exists($file) ? json_decode(file_get_contents($file), true) : [];
        $repeated = isset($known[$order->Number]);
        $known[$order->Number] = $order->Buyer;
        file_put_contents($file, json_encode($known));
        return ['Number' => $order->Number, 'Repeated' => $repeated];
    }

    public function GetStock($request) {
        return ['Stock' => [['Item' => '4000000000013', 'Quantity' => '120'], ['Item' => 'ü & <', 'Quantity' => '0.5']]];
    }
}

$wsdl = getenv('WSDL');
if ($_SERVER['REQUEST_METHOD'] === 'GET') {
    header('Content-Type: text/xml');
    readfile($wsdl);
    return true;
}
$twelve = str_contains($_SERVER['CONTENT_TYPE'] ?? '', 'application/soap+xml');
$server = new SoapServer($wsdl, ['soap_version' => $twelve ? SOAP_1_2 : SOAP_1_1, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
$server->setClass('Orders');
$server->handle();
